variable "manifests" {
  description = "id → JSON of everything in k8s/observability but its namespace."
  type        = map(string)
}
