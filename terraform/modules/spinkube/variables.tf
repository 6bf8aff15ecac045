variable "charts" {
  description = "The charts of the Spin operator and of runtime-class-manager."
  type = object({
    operator              = object({ chart = string, repository = string, version = string })
    runtime_class_manager = object({ chart = string, repository = string, version = string })
  })
}

variable "crds" {
  description = "The operator's CRDs: kind/name → YAML."
  type        = map(string)
}

variable "executor" {
  description = "`shim` or `spintainer`; with the latter nothing is installed on the nodes."
  type        = string
}

variable "shim" {
  description = "The shim's release: where the tarball of each architecture is, and its SHA-256 where it is known."
  type = object({
    version   = string
    platforms = list(object({ arch = string, location = string, sha256 = string }))
  })
}

variable "node_selector" {
  description = "Labels of the nodes that get the shim; on each of them containerd is restarted."
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
