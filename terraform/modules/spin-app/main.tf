resource "kubectl_manifest" "spin_app" {
  for_each = var.manifests.spin_apps

  yaml_body         = each.value
  server_side_apply = true
  # The autoscaler owns `replicas` where it is on; everything else is ours.
  force_conflicts = true
  wait            = true
}

# Grace periods, spreading and rights, added to the Deployment that the operator makes; it leaves other managers' fields
# alone. Without its Deployment such a part is refused, and the provider tries again (providers.tf).
resource "kubectl_manifest" "extra" {
  for_each = var.manifests.extras

  yaml_body         = each.value
  server_side_apply = true
  # The Deployment is the operator's: it goes with its SpinApp.
  apply_only = true

  depends_on = [kubectl_manifest.spin_app]
}

# Done means that the pods answer, not that the objects exist.
resource "terraform_data" "available" {
  for_each = var.manifests.spin_apps

  triggers_replace = [sha256(each.value), try(sha256(var.manifests.extras[each.key]), "")]

  provisioner "local-exec" {
    command = "${path.module}/wait-for-app"
    environment = {
      KUBECONFIG = var.cluster.kubeconfig
      CONTEXT    = var.cluster.context
      NAMESPACE  = var.cluster.namespace
      APP        = each.key
    }
  }

  depends_on = [kubectl_manifest.spin_app, kubectl_manifest.extra]
}
