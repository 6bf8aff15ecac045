variable "project_dir" {
  description = "Absolute path of the project, with spin.toml and the sources of the components."
  type        = string
}

variable "reference" {
  description = "Where to push: registry/name:tag as this machine reaches it."
  type        = string
}

variable "executor" {
  description = "`shim`: an OCI artefact for Spin. `spintainer`: an ordinary image, with Spin in it."
  type        = string
}

variable "sources" {
  description = "SHA-256 over everything that the artefact is made of; another one means another build and push."
  type        = string
}
