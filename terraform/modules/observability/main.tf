# The collector that Spin and the gateway send to, Jaeger, Prometheus, Grafana and Kiali: plain manifests of
# k8s/observability, without an operator.
resource "kubectl_manifest" "object" {
  for_each = var.manifests

  yaml_body         = each.value
  server_side_apply = true
  force_conflicts   = true

  # See modules/app/main.tf.
  apply_only = strcontains(each.key, "/ConfigMap/")
}
