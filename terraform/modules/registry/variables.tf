variable "project_dir" {
  description = "Absolute path of the project, with spin.toml, the sources of the components and compiler/."
  type        = string
}

variable "reference" {
  description = "Where to push: registry/name:tag as this machine reaches it."
  type        = string
}

variable "what" {
  description = "`shim`: the components as an OCI artefact for Spin. `spintainer`: an ordinary image with Spin and them in it. `compiler`: the compile service."
  type        = string
}

variable "sources" {
  description = "SHA-256 over everything that it is made of; another one means another build and push."
  type        = string
}
