variable "cloudnative_pg" {
  description = "Whether the overlay uses CloudNativePG."
  type        = bool
}

variable "chart" {
  description = "CloudNativePG's chart."
  type        = object({ chart = string, repository = string, version = string })
}
