variable "chart" {
  description = "cert-manager's chart."
  type        = object({ chart = string, repository = string, version = string })
}

variable "values_dir" {
  description = "Folder with cert-manager.values.yaml."
  type        = string
}

variable "gateway_api" {
  description = "Whether the cluster has the Gateway API."
  type        = bool
}
