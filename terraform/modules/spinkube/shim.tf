# containerd's Spin shim on every node, put there by runtime-class-manager. Not with executor = "spintainer".

resource "kubernetes_namespace_v1" "runtime_class_manager" {
  count = local.with_shim

  metadata {
    name = "runtime-class-manager"
    labels = {
      # Its jobs copy a binary onto the node and restart containerd: privileged by nature.
      "pod-security.kubernetes.io/enforce" = "privileged"
    }
  }
}

resource "helm_release" "runtime_class_manager" {
  count = local.with_shim

  name       = "runtime-class-manager"
  chart      = var.charts.runtime_class_manager.chart
  repository = var.charts.runtime_class_manager.repository
  version    = var.charts.runtime_class_manager.version
  namespace  = kubernetes_namespace_v1.runtime_class_manager[0].metadata[0].name

  # The chart's own values say `latest` for all three images.
  values = [yamlencode({
    image = { tag = "v${var.charts.runtime_class_manager.version}" }
    rcm = {
      shimDownloaderImage = { tag = "v${var.charts.runtime_class_manager.version}" }
      nodeInstallerImage  = { tag = "v${var.charts.runtime_class_manager.version}" }
    }
  })]

  wait    = true
  timeout = 600
}

# runtime-class-manager installs a shim once: it skips a node that has one, cannot change a Job that exists, and cannot write
# over a shim that pods run. So another release, checksum or choice of nodes is another Shim, and its installation begins
# when the uninstall Jobs of the one before are over. The Shim's own finalizer only starts those; this waits for them,
# and runtime-class-manager outlives it.
resource "terraform_data" "uninstalled" {
  count = local.with_shim

  input            = { kubeconfig = var.kubeconfig, context = var.context == null ? "" : var.context }
  triggers_replace = [var.shim, var.node_selector]

  provisioner "local-exec" {
    when    = destroy
    command = "${path.module}/wait-for-uninstall"
    environment = {
      KUBECONFIG  = self.input.kubeconfig
      CONTEXT     = self.input.context
      SECONDS_MAX = "600"
    }
  }

  depends_on = [helm_release.runtime_class_manager]
}

resource "kubectl_manifest" "shim" {
  count = local.with_shim

  yaml_body = yamlencode({
    apiVersion = "runtime.spinkube.dev/v1alpha1"
    kind       = "Shim"
    # Both this name and the handler must be `spin-v2`: it is how the downloader finds the binary in the
    # tarball and how containerd finds it on the node.
    metadata = { name = "spin-v2" }
    spec = {
      nodeSelector = var.node_selector
      fetchStrategy = {
        platforms = [for platform in var.shim.platforms : { for key, value in {
          os       = "linux"
          arch     = platform.arch
          location = platform.location
          sha256   = platform.sha256
        } : key => value if value != null }]
      }
      # Without it the pods' memory and CPU are counted nowhere.
      containerdRuntimeOptions = { SystemdCgroup = "true" }
      # The operator's executors ask for this class by default.
      runtimeClass    = { name = "wasmtime-spin-v2", handler = "spin-v2" }
      rolloutStrategy = { type = "recreate" }
    }
  })
  server_side_apply = true
  wait              = true

  lifecycle {
    replace_triggered_by = [terraform_data.uninstalled[count.index].id]
  }

  depends_on = [terraform_data.uninstalled]
}

# The Shim has no condition to wait for: it counts nodes.
resource "terraform_data" "shim_ready" {
  count = local.with_shim

  triggers_replace = [kubectl_manifest.shim[0].uid, terraform_data.uninstalled[0].id]

  provisioner "local-exec" {
    command = "${path.module}/wait-for-shim"
    environment = {
      KUBECONFIG  = var.kubeconfig
      CONTEXT     = var.context == null ? "" : var.context
      SECONDS_MAX = "600"
    }
  }
}

locals {
  with_shim = var.executor == "shim" ? 1 : 0
}
