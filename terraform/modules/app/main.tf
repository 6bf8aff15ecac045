# The application, as Kustomize built it. Three steps up, the same three down:
# everything else → executor → SpinApps. The executor has a finalizer that waits for its SpinApps, and the
# operator refuses a SpinApp whose executor is not there.

resource "kubectl_manifest" "other" {
  for_each = var.manifests.others

  yaml_body         = each.value
  server_side_apply = true
  force_conflicts   = true

  lifecycle {
    # A changed setting is a ConfigMap with another name: the pods move over before the old one goes.
    create_before_destroy = true
  }
}

resource "kubectl_manifest" "executor" {
  for_each = var.manifests.executors

  yaml_body         = each.value
  server_side_apply = true
  force_conflicts   = true
  wait              = true

  depends_on = [kubectl_manifest.other]
}

resource "kubectl_manifest" "spin_app" {
  for_each = var.manifests.spin_apps

  yaml_body         = each.value
  server_side_apply = true
  # The autoscaler owns `replicas` where it is on; everything else is ours.
  force_conflicts = true
  wait            = true

  depends_on = [kubectl_manifest.executor]
}

# Grace periods and spreading, added to the Deployments that the operator makes; it leaves other managers' fields
# alone. Without its Deployment such a part is refused, and the provider tries again (providers.tf).
resource "kubectl_manifest" "extra" {
  for_each = var.manifests.extras

  yaml_body         = each.value
  server_side_apply = true
  # The Deployments are the operator's: they go with their SpinApps.
  apply_only = true

  depends_on = [kubectl_manifest.spin_app]
}

# Done means that the pods answer, not that the objects exist.
resource "terraform_data" "available" {
  triggers_replace = [for id, text in var.manifests.spin_apps : sha256(text)]

  provisioner "local-exec" {
    command = "${path.module}/wait-for-apps"
    environment = {
      KUBECONFIG = var.kubeconfig
      CONTEXT    = var.context == null ? "" : var.context
      NAMESPACE  = var.namespace
      TIMEOUT    = "600s"
    }
  }

  depends_on = [kubectl_manifest.spin_app, kubectl_manifest.extra]
}
