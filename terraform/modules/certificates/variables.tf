variable "chart" {
  description = "cert-manager's chart."
  type        = object({ chart = string, repository = string, version = string })
}
