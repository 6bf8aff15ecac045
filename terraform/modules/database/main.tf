# PostgreSQL itself is part of the application's manifests: one pod (k8s/components/postgres), or a cluster of
# three (k8s/components/cloudnative-pg), which needs this operator.

# In the mesh: the instances answer its questions for their state only under its own identity (k8s/components/cloudnative-pg).
resource "kubernetes_namespace_v1" "cnpg_system" {
  count = var.cloudnative_pg ? 1 : 0

  metadata {
    name   = "cnpg-system"
    labels = { "istio.io/dataplane-mode" = "ambient" }
  }
}

resource "helm_release" "cloudnative_pg" {
  count = var.cloudnative_pg ? 1 : 0

  name       = "cloudnative-pg"
  chart      = var.chart.chart
  repository = var.chart.repository
  version    = var.chart.version

  namespace = kubernetes_namespace_v1.cnpg_system[0].metadata[0].name

  wait    = true
  timeout = 600
}
