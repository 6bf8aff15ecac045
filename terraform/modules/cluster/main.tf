# A cluster to work in: minikube on this machine (made by Ansible), or the one that a kubeconfig names.

locals {
  own = var.mode == "minikube"
  # What ansible/roles/minikube and roles/registry take.
  settings = {
    minikube_profile    = var.minikube.name
    minikube_driver     = var.minikube.driver
    minikube_cpus       = var.minikube.cpus
    minikube_memory_gib = var.minikube.memory
    minikube_disk_gib   = var.minikube.disk
    minikube_addons     = var.addons
    minikube_kubeconfig = var.kubeconfig
  }
  role_names = setunion(fileset(var.ansible_dir, "{minikube,versions}.yml"), fileset(var.ansible_dir, "roles/{minikube,registry}/*/*.yml"))
  role_files = local.own ? [for name in sort(local.role_names) : filesha256("${var.ansible_dir}/${name}")] : []
}

# Owns the profile's end. Only what really needs another cluster replaces it.
resource "terraform_data" "profile" {
  count = local.own ? 1 : 0

  input            = { name = var.minikube.name, kubeconfig = var.kubeconfig }
  triggers_replace = [var.minikube.name, var.minikube.driver]

  provisioner "local-exec" {
    when        = destroy
    command     = "${path.module}/delete-minikube"
    environment = { PROFILE = self.input.name, KUBECONFIG = self.input.kubeconfig }
  }
}

# Owns that it runs as wanted; starting a running minikube again changes nothing.
resource "terraform_data" "running" {
  count = local.own ? 1 : 0

  triggers_replace = [terraform_data.profile[0].id, sha256(jsonencode([local.settings, local.role_files]))]

  provisioner "local-exec" {
    command     = "./converge minikube.yml --extra-vars \"$SETTINGS\""
    working_dir = var.ansible_dir
    environment = { SETTINGS = jsonencode(local.settings) }
  }
}

# The hand-over: unknown until the kubeconfig is written for the first time, known ever after, also while the
# cluster is being replaced. The providers depend on exactly that (providers.tf).
resource "terraform_data" "kubeconfig" {
  count = local.own ? 1 : 0

  input = { path = var.kubeconfig, context = var.context }

  depends_on = [terraform_data.running]
}
