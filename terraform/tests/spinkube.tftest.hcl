# modules/spinkube by itself: what the plan of the whole hides inside a module.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  charts = {
    operator              = { chart = "spin-operator", repository = "oci://example.org/charts", version = "0.6.1" }
    runtime_class_manager = { chart = "runtime-class-manager", repository = "oci://example.org/charts", version = "0.2.0" }
  }
  crds     = { "CustomResourceDefinition/spinapps.core.spinkube.dev" = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: spinapps.core.spinkube.dev}" }
  executor = "shim"
  shim = {
    version = "v0.26.0"
    platforms = [
      { arch = "x86_64", location = "https://example.org/x86_64.tar.gz", sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
      { arch = "aarch64", location = "https://example.org/aarch64.tar.gz", sha256 = null },
    ]
  }
  node_selector = { "example.org/pool" = "spin" }
  kubeconfig    = "tests/existing.kubeconfig"
  context       = null
}

run "the_shim" {
  command = plan
  module {
    source = "./modules/spinkube"
  }
  assert {
    condition     = yamldecode(kubectl_manifest.shim[0].yaml_body).metadata.name == "spin-v2"
    error_message = "the downloader looks for this name in the tarball (trap 2)"
  }
  assert {
    condition     = yamldecode(kubectl_manifest.shim[0].yaml_body).spec.runtimeClass == { name = "wasmtime-spin-v2", handler = "spin-v2" }
    error_message = "containerd knows the runtime by this handler (trap 1)"
  }
  assert {
    condition     = yamldecode(kubectl_manifest.shim[0].yaml_body).spec.fetchStrategy.platforms[0].sha256 == "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    error_message = "a known checksum is checked on the node"
  }
  assert {
    condition     = !can(yamldecode(kubectl_manifest.shim[0].yaml_body).spec.fetchStrategy.platforms[1].sha256)
    error_message = "an unknown one is left out, not null"
  }
  assert {
    condition     = [for platform in yamldecode(kubectl_manifest.shim[0].yaml_body).spec.fetchStrategy.platforms : platform.arch] == ["x86_64", "aarch64"]
    error_message = "both architectures"
  }
  assert {
    condition     = yamldecode(kubectl_manifest.shim[0].yaml_body).spec.nodeSelector == { "example.org/pool" = "spin" }
    error_message = "containerd is restarted on the chosen nodes only"
  }
  assert {
    condition     = kubectl_manifest.shim[0].server_side_apply && kubectl_manifest.shim[0].wait
    error_message = "its finalizer is waited for when it goes"
  }
  assert {
    condition     = alltrue([for tag in [yamldecode(helm_release.runtime_class_manager[0].values[0]).image.tag, yamldecode(helm_release.runtime_class_manager[0].values[0]).rcm.shimDownloaderImage.tag, yamldecode(helm_release.runtime_class_manager[0].values[0]).rcm.nodeInstallerImage.tag] : tag == "v0.2.0"])
    error_message = "the chart's three images are not the `latest` of its own values"
  }
  assert {
    condition     = kubernetes_namespace_v1.runtime_class_manager[0].metadata[0].labels["pod-security.kubernetes.io/enforce"] == "privileged"
    error_message = "its jobs write on the node"
  }
  assert {
    condition     = helm_release.operator.wait && helm_release.operator.create_namespace
    error_message = "the operator's webhooks answer before the first SpinApp"
  }
  assert {
    condition     = kubectl_manifest.crd["CustomResourceDefinition/spinapps.core.spinkube.dev"].server_side_apply
    error_message = "CRDs on the server side (trap 14)"
  }
}

run "without_a_shim" {
  command = plan
  module {
    source = "./modules/spinkube"
  }
  variables {
    executor = "spintainer"
  }
  assert {
    condition     = length(kubectl_manifest.shim) + length(helm_release.runtime_class_manager) + length(terraform_data.shim_ready) + length(terraform_data.uninstalled) + length(kubernetes_namespace_v1.runtime_class_manager) == 0
    error_message = "nothing is installed on the nodes"
  }
  assert {
    condition     = helm_release.operator.version == "0.6.1"
    error_message = "the operator is"
  }
}
