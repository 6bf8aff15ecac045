# Builds an image and pushes it to the registry beside minikube (ansible/roles/registry).
# The tag is the hash of the sources, so the same checkout is built and pushed once. What runs is named by its digest.
resource "terraform_data" "pushed" {
  triggers_replace = [var.sources, var.what]
  input            = var.reference

  provisioner "local-exec" {
    command     = abspath("${path.module}/build-and-push")
    working_dir = var.project_dir
    environment = { REFERENCE = var.reference, WHAT = var.what }
  }
}

locals {
  # Registry, name and tag.
  parts = regex("^([^/]+)/(.*):([^:]+)$", terraform_data.pushed.output)
}

# The digest that the registry gave what was pushed: known after the first apply, and asked for at each plan.
data "http" "manifest" {
  url    = "http://${local.parts[0]}/v2/${local.parts[1]}/manifests/${local.parts[2]}"
  method = "HEAD"
  request_headers = {
    Accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
  }

  lifecycle {
    postcondition {
      condition     = can(regex("^sha256:[0-9a-f]{64}$", self.response_headers["Docker-Content-Digest"]))
      error_message = "${var.reference} is not in its registry any more (status ${self.status_code}). Push it again: terraform apply -replace='module.${var.what == "compiler" ? "compiler_image" : "registry"}[0].terraform_data.pushed'"
    }
  }
}
