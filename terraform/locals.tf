# What several modules need to agree on.
locals {
  project_dir    = abspath("${path.root}/..")
  ansible_dir    = "${local.project_dir}/ansible"
  kubernetes_dir = "../k8s"

  own_cluster  = var.cluster == "minikube"
  light        = var.profile == "light"
  prepare_host = local.own_cluster && var.prepare_host
  install = {
    cert_manager  = var.install.cert_manager
    gateway_api   = var.install.gateway_api && !local.light
    mesh          = var.install.mesh && !local.light
    spinkube      = var.install.spinkube
    observability = var.install.observability && !local.light
  }
  minikube = {
    name   = var.minikube.name
    driver = var.minikube.driver
    cpus   = var.minikube.cpus != null ? var.minikube.cpus : local.light ? 2 : 4
    memory = var.minikube.memory != null ? var.minikube.memory : local.light ? 2 : 8
    disk   = var.minikube.disk != null ? var.minikube.disk : local.light ? 20 : 40
  }
  # Absolute where minikube writes it: Ansible works in another folder, and minikube knows no ~.
  kubeconfig   = local.own_cluster ? abspath(pathexpand(coalesce(var.kubeconfig, "${local.project_dir}/.atelier/kubeconfig"))) : pathexpand(coalesce(var.kubeconfig, "~/.kube/config"))
  kube_context = var.kube_context != null ? var.kube_context : (local.own_cluster ? var.minikube.name : null)
  # For whoever copies a command of ours.
  kubectl = join(" ", concat(["kubectl --kubeconfig", abspath(local.kubeconfig)], local.kube_context == null ? [] : ["--context", local.kube_context]))

  # The artefact: what `cargo xtask build` makes of these files, pushed by `spin registry push`. Its tag is their hash:
  # the plan knows it before anything is built, a changed source is a new tag, and nothing changes when nothing changed. The pods
  # name it by its digest (`pushed` below).
  # tests/iac compares them with what the build reads: the components' crates, what fetches Pyodide and pdf.js, and how xtask
  # calls the compiler.
  source_folders = ["components", "crates/auth-api", "crates/latex", "crates/mathml", "crates/migrations", "crates/web", "xtask/browser-files"]
  source_files   = ["spin.toml", ".cargo/config.toml", "Cargo.toml", "Cargo.lock", "Dockerfile", "xtask/src/build.rs", "xtask/src/toolchain.rs", "terraform/modules/registry/build-and-push"]
  sources = concat(local.source_files, flatten([
    for folder in local.source_folders : [for file in fileset("${local.project_dir}/${folder}", "**") : "${folder}/${file}"]
  ]))
  sources_sha256 = sha256(join("", [for file in sort(local.sources) : "${file} ${filesha256("${local.project_dir}/${file}")}\n"]))

  # The registry is a container on minikube's network: this machine pushes to the loopback port, the node pulls
  # by the container's name. It is the same registry (ansible/roles/registry).
  push_image   = var.image == null
  artefact_tag = "sources-${substr(local.sources_sha256, 0, 16)}"
  # `spintainer` cannot pull an artefact over plain HTTP, but the node can pull an image: Spin with the components in it.
  push_name      = var.executor == "spintainer" ? "atelier-spin" : "atelier"
  push_reference = "127.0.0.1:5080/${local.push_name}:${local.artefact_tag}"
  image          = local.push_image ? "atelier-registry:5000/${local.push_name}:${local.artefact_tag}" : var.image

  # The compile service: Dockerfile and program are all that its image is made of.
  compiler_sha256         = sha256(join("", [for file in ["Dockerfile", "compiler.py"] : filesha256("${local.project_dir}/compiler/${file}")]))
  push_compiler           = local.own_cluster && try(var.compile_service.image == null, false)
  compiler_tag            = "atelier-compiler:sources-${substr(local.compiler_sha256, 0, 16)}"
  compiler_push_reference = "127.0.0.1:5080/${local.compiler_tag}"
  compiler_image          = local.push_compiler ? "atelier-registry:5000/${local.compiler_tag}" : try(var.compile_service.image, null)

  # By tag → by digest, which the registry tells after the push.
  pushed = merge(
    local.push_image ? { (local.image) = "atelier-registry:5000/${local.push_name}@${module.registry[0].digest}" } : {},
    local.push_compiler ? { (local.compiler_image) = "atelier-registry:5000/atelier-compiler@${module.compiler_image[0].digest}" } : {},
  )

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
