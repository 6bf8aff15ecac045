# Asked before anything is changed, while planning: better a sentence now than half a cluster in ten minutes.

locals {
  shim_missing = <<-EOT
    containerd-shim-spin ${local.shim_version} cannot be downloaded from
      ${local.shim_release.platforms[0].location}
    The components are built with spin-sdk 7 (final WASI 0.3) and need Spin 4.1; ${local.shim.minimum_version} is the first shim that can carry it.
    Either that release is not out yet, or this machine does not reach it. You can:
      - run Spin in an ordinary container instead: executor = "spintainer"${local.push_image ? ", and nothing else: this checkout's own image is used" : ", with an image in a registry served over HTTPS"};
      - name a newer release: shim_version = "v0.27.0" (and shim_sha256, to have it verified);
      - name a mirror: shim_mirror = "https://mirror.example.org/containerd-shim-spin".
  EOT

  shim_unknown = <<-EOT
    There is no checksum of containerd-shim-spin ${local.shim_version}, which will run as root on every node. Its release page has none, so:
      1. download both tarballs where you trust the network:
    %{for platform in local.shim_release.platforms~}
         ${platform.location}
    %{endfor~}
      2. set shim_sha256 = { x86_64 = "…", aarch64 = "…" } to what sha256sum prints.
    Or install it unverified: shim_unverified = true. Or not at all: executor = "spintainer".
  EOT
}

data "http" "shim_release" {
  count = var.executor == "shim" && local.install.spinkube ? 1 : 0

  url    = local.shim_release.platforms[0].location
  method = "HEAD"

  retry {
    attempts = 2
  }

  lifecycle {
    precondition {
      condition     = length(local.shim_sums) == 2 || var.shim_unverified
      error_message = local.shim_unknown
    }
    postcondition {
      condition     = self.status_code == 200
      error_message = "${local.shim_missing}(the server answered ${self.status_code})"
    }
  }
}

locals {
  # What is installed beside the manifests: thousandths of a processor, MiB. The charts' and minikube's own requests; where a
  # pod has none, about what it uses. `node` is the kubelet, containerd and the system.
  platform = {
    node         = { cpu = 0, memory = 400 }
    kubernetes   = { cpu = 850, memory = 220 }
    metrics      = local.light ? { cpu = 0, memory = 0 } : { cpu = 100, memory = 200 }
    cert_manager = { cpu = 0, memory = 100 }
    spinkube     = { cpu = 15, memory = 178 }
    mesh         = local.install.mesh ? { cpu = 70, memory = 456 } : { cpu = 0, memory = 0 }
  }
  # While one app is rolled over, its new pods run beside its old ones and those of the app before it, which sleep until
  # their requests are over (modules/app): four pods more of `full`, one of `light`.
  rollover = local.light ? 1 : 4
  required = {
    cpu    = sum(values(local.platform)[*].cpu) + module.manifests.requests.all.cpu + local.rollover * module.manifests.requests.spin_pod.cpu
    memory = sum(values(local.platform)[*].memory) + module.manifests.requests.all.memory + local.rollover * module.manifests.requests.spin_pod.memory
  }
  least = { cpus = ceil(local.required.cpu / 1000), memory = ceil(local.required.memory / 1024) }

  node_small = <<-EOT
    A node of ${local.minikube.cpus} processors and ${local.minikube.memory} GiB is too small for profile = "${var.profile}"${local.install.observability ? " with observability" : ""}: its pods ask for ${local.required.cpu / 1000} processors and ${format("%.1f", local.required.memory / 1024)} GiB while a new version replaces the old.
    Set minikube = { cpus = ${local.least.cpus}, memory = ${local.least.memory} } or more${local.light ? "" : ", or profile = \"light\" (2 processors, 2 GiB)"}.
  EOT
}

# This machine: memory, processors and free disk. The first thing of an apply, and again when another size is asked for.
resource "terraform_data" "machine" {
  count = local.own_cluster ? 1 : 0

  triggers_replace = [local.minikube.cpus, local.minikube.memory, local.minikube.disk]

  provisioner "local-exec" {
    command = "${path.module}/check-machine"
    environment = {
      NODE       = local.minikube.name
      CPUS       = local.minikube.cpus
      MEMORY_GIB = local.minikube.memory
      DISK_GIB   = local.minikube.disk
      LEAST      = "cpus = ${local.least.cpus}, memory = ${local.least.memory}"
      PROFILE    = var.profile
    }
  }

  lifecycle {
    precondition {
      condition     = local.minikube.cpus * 1000 >= local.required.cpu && local.minikube.memory * 1024 >= local.required.memory
      error_message = local.node_small
    }
  }
}

# An existing cluster's mesh, which Terraform was told is there: without it there is no mutual TLS, and nothing says so.
resource "terraform_data" "mesh" {
  count = local.own_cluster || local.light || local.install.mesh ? 0 : 1

  triggers_replace = [local.kubeconfig, local.kube_context]

  provisioner "local-exec" {
    command = "${local.kubernetes_dir}/platform/check-mesh"
    environment = {
      KUBECONFIG = local.kubeconfig
      CONTEXT    = local.kube_context == null ? "" : local.kube_context
    }
  }
}
