# Pushes the application as an OCI artefact to the registry beside minikube (ansible/roles/registry). The tag
# is the hash of the content, so the same checkout is pushed once.
resource "terraform_data" "pushed" {
  triggers_replace = var.content
  input            = var.reference

  provisioner "local-exec" {
    # `--insecure` is plain HTTP: the registry listens on the loopback address only.
    command     = "spin registry push --insecure --from spin.toml \"$REFERENCE\""
    working_dir = var.project_dir
    environment = { REFERENCE = var.reference }
  }
}
