# cert-manager: the site's certificate and the serving certificate of the Spin operator's webhooks.
resource "helm_release" "cert_manager" {
  name       = "cert-manager"
  chart      = var.chart.chart
  repository = var.chart.repository
  version    = var.chart.version

  namespace        = "cert-manager"
  create_namespace = true

  values = [yamlencode({
    crds = { enabled = true, keep = false }
    # Lets an Issuer solve ACME challenges through the Gateway.
    config = {
      apiVersion       = "controller.config.cert-manager.io/v1alpha1"
      kind             = "ControllerConfiguration"
      enableGatewayAPI = true
    }
  })]

  # The chart's startupapicheck job ends when the webhook answers: whoever comes next may create Certificates.
  wait          = true
  wait_for_jobs = true
  timeout       = 600
}
