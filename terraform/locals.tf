# What several modules need to agree on.
locals {
  project_dir    = abspath("${path.root}/..")
  ansible_dir    = "${local.project_dir}/ansible"
  kubernetes_dir = "../k8s"

  own_cluster  = var.cluster == "minikube"
  kubeconfig   = local.own_cluster ? coalesce(var.kubeconfig, "${local.project_dir}/.atelier/kubeconfig") : pathexpand(coalesce(var.kubeconfig, "~/.kube/config"))
  kube_context = var.kube_context != null ? var.kube_context : (local.own_cluster ? var.minikube.name : null)

  # The artefact: `spin registry push` of what `cargo xtask build` made. Its tag is the hash of its content, so
  # that the plan knows it, a rebuilt component is a new tag, and nothing changes when nothing changed.
  artefact_files = [
    "${local.project_dir}/spin.toml",
    "${local.project_dir}/target/wasm32-wasip2/release/auth.wasm",
    "${local.project_dir}/target/wasm32-wasip2/release/llm.wasm",
    "${local.project_dir}/target/wasm32-wasip2/release/ocr.wasm",
  ]
  artefact_missing = [for file in local.artefact_files : file if !fileexists(file)]
  artefact_sha256  = sha256(join("", [for file in local.artefact_files : fileexists(file) ? filesha256(file) : "missing"]))

  # The registry is a container on minikube's network: this machine pushes to the loopback port, the node pulls
  # by the container's name. It is the same registry (ansible/roles/registry).
  push_image     = var.image == null
  artefact_tag   = "sha256-${substr(local.artefact_sha256, 0, 16)}"
  push_reference = "127.0.0.1:5080/atelier:${local.artefact_tag}"
  image          = local.push_image ? "atelier-registry:5000/atelier:${local.artefact_tag}" : var.image

  shim_version = coalesce(var.shim_version, local.shim.version)
  shim_base    = coalesce(var.shim_mirror, local.shim.base)
  shim_sums    = var.shim_sha256 != null ? { x86_64 = var.shim_sha256.x86_64, aarch64 = var.shim_sha256.aarch64 } : lookup(local.shim.sha256, local.shim_version, {})
  shim_release = {
    version = local.shim_version
    platforms = [for arch in ["x86_64", "aarch64"] : {
      arch     = arch
      location = "${local.shim_base}/${local.shim_version}/containerd-shim-spin-v2-linux-${arch}.tar.gz"
      sha256   = lookup(local.shim_sums, arch, null)
    }]
  }
}
