variable "manifests" {
  description = "kind/name → YAML."
  type        = map(string)
}
