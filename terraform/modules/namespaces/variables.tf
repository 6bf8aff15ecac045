variable "manifests" {
  description = "id → JSON of each Namespace."
  type        = map(string)
}
