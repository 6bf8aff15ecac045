variable "manifests" {
  description = "Name → YAML of the SpinApp, and of what is added to its Deployment. At most one of each."
  type        = object({ spin_apps = map(string), extras = map(string) })
}

variable "cluster" {
  description = "Path of the kubeconfig, the context in it (empty: the current one), and the SpinApp's namespace; for kubectl."
  type        = object({ kubeconfig = string, context = string, namespace = string })
}
