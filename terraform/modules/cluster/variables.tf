variable "mode" {
  description = "`minikube` or `existing`."
  type        = string
}

variable "minikube" {
  description = "Profile and size of the minikube; memory and disk in GiB."
  type        = object({ name = string, driver = string, cpus = number, memory = number, disk = number })
}

variable "addons" {
  description = "minikube's addons to switch on."
  type        = list(string)
}

variable "kubeconfig" {
  description = "Path where minikube writes its kubeconfig, or of the existing cluster's."
  type        = string
}

variable "context" {
  description = "Context in the kubeconfig; null for its current one."
  type        = string
}

variable "ansible_dir" {
  description = "Absolute path of the project's ansible folder."
  type        = string
}
