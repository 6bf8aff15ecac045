variable "project_dir" {
  description = "Absolute path of the project, with spin.toml and the built components."
  type        = string
}

variable "reference" {
  description = "Where to push: registry/name:tag as this machine reaches it."
  type        = string
}

variable "content" {
  description = "SHA-256 over everything in the artefact; another one means another push."
  type        = string
}
