variable "manifests" {
  description = "The application's objects by step: id → JSON or YAML."
  type        = object({ executors = map(string), spin_apps = map(string), extras = map(string), others = map(string) })
}

variable "pushed" {
  description = "What this apply pushes: the image as the manifests name it, by its tag → the same by digest."
  type        = map(string)
}

variable "kubeconfig" {
  description = "Path of the kubeconfig, for kubectl."
  type        = string
}

variable "context" {
  description = "Context in it; null for the current one."
  type        = string
}

variable "namespace" {
  description = "Where the SpinApps are."
  type        = string
}
