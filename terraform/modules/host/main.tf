# The machine: container engine, minikube, kubectl, helm, spin, Rust, kernel settings. Ansible does it (ansible/),
# because a host is converged, not created; here it only runs again when its own files change.

locals {
  files = [for name in sort(fileset(var.ansible_dir, "**/*.{yml,j2,txt}")) : filesha256("${var.ansible_dir}/${name}")]
}

resource "terraform_data" "converged" {
  triggers_replace = sha256(join("", local.files))

  provisioner "local-exec" {
    # Not the Terraform that is running this: it may be a newer one of the user's own.
    command     = "./converge host.yml --extra-vars '${jsonencode({ tools_wanted = ["minikube", "kubectl", "helm", "spin"] })}'"
    working_dir = var.ansible_dir
  }
}
