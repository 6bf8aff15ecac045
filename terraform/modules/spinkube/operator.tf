# The operator that turns SpinApps into Deployments. Its chart brings no CRDs, so they come first; and it goes
# before the Shim when everything is destroyed, because it depends on it.

resource "kubectl_manifest" "crd" {
  for_each = var.crds

  yaml_body         = each.value
  server_side_apply = true
  wait              = true
}

resource "helm_release" "operator" {
  name       = "spin-operator"
  chart      = var.charts.operator.chart
  repository = var.charts.operator.repository
  version    = var.charts.operator.version

  namespace        = "spin-operator"
  create_namespace = true

  # Its admission webhooks must answer before the first SpinApp, which they refuse otherwise.
  wait    = true
  timeout = 600

  depends_on = [kubectl_manifest.crd, terraform_data.shim_ready]
}
