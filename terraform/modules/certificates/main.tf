# cert-manager: the site's certificate and the serving certificate of the Spin operator's webhooks.
resource "helm_release" "cert_manager" {
  name       = "cert-manager"
  chart      = var.chart.chart
  repository = var.chart.repository
  version    = var.chart.version

  namespace        = "cert-manager"
  create_namespace = true

  # Told of a Gateway API that is not there, it does not start.
  values = [
    file("${var.values_dir}/cert-manager.values.yaml"),
    yamlencode({ config = { enableGatewayAPI = var.gateway_api } }),
  ]

  # The chart's startupapicheck job ends when the webhook answers: whoever comes next may create Certificates.
  wait          = true
  wait_for_jobs = true
  timeout       = 600
}
