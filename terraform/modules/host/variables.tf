variable "ansible_dir" {
  description = "Absolute path of the project's ansible folder."
  type        = string
}
