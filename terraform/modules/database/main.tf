# PostgreSQL itself is part of the application's manifests: one pod (k8s/components/postgres), or a cluster of
# three (k8s/components/cloudnative-pg), which needs this operator.
resource "helm_release" "cloudnative_pg" {
  count = var.cloudnative_pg ? 1 : 0

  name       = "cloudnative-pg"
  chart      = var.chart.chart
  repository = var.chart.repository
  version    = var.chart.version

  namespace        = "cnpg-system"
  create_namespace = true

  wait    = true
  timeout = 600
}
