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
  count = var.executor == "shim" && var.install.spinkube ? 1 : 0

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
