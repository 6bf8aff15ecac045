# Istio in ambient mode: a ztunnel on each node carries the pods' traffic under mutual TLS. No sidecars: in a
# Spin pod one would start without its environment.
#
# `global.platform` stays unset. Its value "minikube" is for clusters whose container runtime is Docker; ours
# is containerd, and with it the CNI plugin would look for network namespaces where there are none.

locals {
  # A laptop's worth of requests; the limits are the pods' own business.
  small = { requests = { cpu = "10m", memory = "100Mi" } }
}

resource "kubernetes_namespace_v1" "istio_system" {
  metadata {
    name = "istio-system"
    labels = {
      # The CNI plugin and ztunnel work on the node's network.
      "pod-security.kubernetes.io/enforce" = "privileged"
    }
  }
}

resource "helm_release" "base" {
  name       = "istio-base"
  chart      = var.charts.base.chart
  repository = var.charts.base.repository
  version    = var.charts.base.version
  namespace  = kubernetes_namespace_v1.istio_system.metadata[0].name

  wait = true
}

resource "helm_release" "istiod" {
  name       = "istiod"
  chart      = var.charts.istiod.chart
  repository = var.charts.istiod.repository
  version    = var.charts.istiod.version
  namespace  = kubernetes_namespace_v1.istio_system.metadata[0].name

  # With the providers that the application's policies name: the session check, the collector.
  values = [file("${var.values_dir}/istiod.values.yaml")]

  wait    = true
  timeout = 600

  depends_on = [helm_release.base]
}

resource "helm_release" "cni" {
  name       = "istio-cni"
  chart      = var.charts.cni.chart
  repository = var.charts.cni.repository
  version    = var.charts.cni.version
  namespace  = kubernetes_namespace_v1.istio_system.metadata[0].name

  values = [yamlencode({ profile = "ambient", resources = local.small })]

  wait    = true
  timeout = 600

  depends_on = [helm_release.istiod]
}

resource "helm_release" "ztunnel" {
  name       = "ztunnel"
  chart      = var.charts.ztunnel.chart
  repository = var.charts.ztunnel.repository
  version    = var.charts.ztunnel.version
  namespace  = kubernetes_namespace_v1.istio_system.metadata[0].name

  values = [yamlencode({ profile = "ambient", resources = local.small })]

  wait    = true
  timeout = 600

  # Last: pods of labelled namespaces that start from here on are in the mesh.
  depends_on = [helm_release.cni]
}
