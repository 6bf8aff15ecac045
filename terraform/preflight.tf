# Asked before anything is changed, while planning: better a sentence now than half a cluster in ten minutes.

locals {
  shim_missing = <<-EOT
    containerd-shim-spin ${local.shim_version} cannot be downloaded from
      ${local.shim_release.platforms[0].location}
    The components are built with spin-sdk 7 (final WASI 0.3) and need Spin 4.1; ${local.shim.minimum_version} is the first shim that can carry it.
    Either that release is not out yet, or this machine does not reach it. You can:
      - run Spin in an ordinary container instead: executor = "spintainer", and image = a registry served over HTTPS;
      - name a newer release: shim_version = "v0.27.0" (and shim_sha256, to have it verified);
      - name a mirror: shim_mirror = "https://mirror.example.org/containerd-shim-spin".
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
    postcondition {
      condition     = self.status_code == 200
      error_message = "${local.shim_missing}(the server answered ${self.status_code})"
    }
  }
}

# Warnings, not errors: the person may know better.
check "shim_is_verified" {
  assert {
    condition     = var.executor != "shim" || length(local.shim_sums) == 2
    error_message = "The shim ${local.shim_version} will be installed without a check of its content: versions.tf has no checksum of it. Download both tarballs once, compare them with the release page, and set shim_sha256 to what sha256sum prints."
  }
}
