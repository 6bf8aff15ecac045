# Builds an image and pushes it to the registry beside minikube (ansible/roles/registry).
# The tag is the hash of the sources, so the same checkout is built and pushed once.
resource "terraform_data" "pushed" {
  triggers_replace = [var.sources, var.what]
  input            = var.reference

  provisioner "local-exec" {
    command     = abspath("${path.module}/build-and-push")
    working_dir = var.project_dir
    environment = { REFERENCE = var.reference, WHAT = var.what }
  }
}
