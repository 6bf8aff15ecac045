# Everything that Terraform installs is pinned here and nowhere else: the providers, the charts, the manifests
# that are downloaded (with their checksums) and the Spin shim. What runs on the host is pinned in
# ansible/versions.yml; the images of the application's own manifests in k8s/. tests/iac refuses a version
# that is written anywhere else in this folder.
terraform {
  # Write-only arguments and ephemeral values, which keep secrets out of the state, came with 1.11.
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "3.3.0"
    }
    http = {
      source  = "hashicorp/http"
      version = "3.5.0"
    }
    kubectl = {
      source  = "gavinbunney/kubectl"
      version = "1.19.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "3.4.0"
    }
    kustomization = {
      source  = "kbst/kustomization"
      version = "0.9.8"
    }
    random = {
      source  = "hashicorp/random"
      version = "3.9.1"
    }
  }
}

locals {
  # name → chart, where it comes from, version.
  charts = {
    cert_manager          = { chart = "cert-manager", repository = "oci://quay.io/jetstack/charts", version = "v1.20.4" }
    istio_base            = { chart = "base", repository = "https://istio-release.storage.googleapis.com/charts", version = "1.30.8" }
    istiod                = { chart = "istiod", repository = "https://istio-release.storage.googleapis.com/charts", version = "1.30.8" }
    istio_cni             = { chart = "cni", repository = "https://istio-release.storage.googleapis.com/charts", version = "1.30.8" }
    ztunnel               = { chart = "ztunnel", repository = "https://istio-release.storage.googleapis.com/charts", version = "1.30.8" }
    runtime_class_manager = { chart = "runtime-class-manager", repository = "oci://ghcr.io/spinframework/charts", version = "0.2.0" }
    spin_operator         = { chart = "spin-operator", repository = "oci://ghcr.io/spinframework/charts", version = "0.6.1" }
    cloudnative_pg        = { chart = "cloudnative-pg", repository = "https://cloudnative-pg.github.io/charts", version = "0.29.0" }
  }

  # Manifests that are fetched while planning. A file whose content is not the one below stops the plan.
  downloads = {
    gateway_api = {
      base = "https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/v1.5.1/config/crd/standard/"
      sha256 = {
        "gateway.networking.k8s.io_backendtlspolicies.yaml" = "9b8818172153d72f9c84032db0be0a4a657277d13f5bbc22226ad9481ff57971"
        "gateway.networking.k8s.io_gatewayclasses.yaml"     = "234ad4b2757ee1b3596a4187bb98df071c5bbdd9e1806f692f2dbf8387e6bef4"
        "gateway.networking.k8s.io_gateways.yaml"           = "7416e8300eb4d8c0a71a23445609075bbacbe8bc80104584b019cfe1ebe77c31"
        "gateway.networking.k8s.io_grpcroutes.yaml"         = "979f4125d44d3df24659ba00d1d04ff8e76c45423193e8aae82dd5810d7827df"
        "gateway.networking.k8s.io_httproutes.yaml"         = "682203b109baecb18d38073a578f7bc2c17d22fe9b0c27bf030850abe014c370"
        "gateway.networking.k8s.io_listenersets.yaml"       = "9221468d19fdfbb0026113b1ef64abac64f27607975aff2410361b8b38f0e0bb"
        "gateway.networking.k8s.io_referencegrants.yaml"    = "a8902c486eed0b7339f5bb8a476ccaba0918eb038048402bdc01cbb69b0fbb51"
        "gateway.networking.k8s.io_tlsroutes.yaml"          = "818e4827c469a40e2527a2851591e656782c50fea8dd44812c900d219da09345"
        "gateway.networking.k8s.io_vap_safeupgrades.yaml"   = "981a4da92706cb567c051e006ff229429947f054b90cd0719c297abe14f958a1"
      }
    }
    # The operator's chart carries no CRDs.
    spin_operator = {
      base = "https://raw.githubusercontent.com/spinframework/spin-operator/v0.6.1/config/crd/bases/"
      sha256 = {
        "core.spinkube.dev_spinapps.yaml"         = "08051de70925efe25bafca636c9b9410a4fe61e17015bd199be1efa04a5b5762"
        "core.spinkube.dev_spinappexecutors.yaml" = "c290585b469a6076eeab764af63be1aac11d584c903b5f72a45a1df807634107"
      }
    }
  }

  # The containerd shim that runs SpinApps. The application's components are built with spin-sdk 7 (WASI 0.3
  # final), which needs Spin 4.1 or newer: v0.23.0 is Spin 3.6, v0.24.0 is Spin 3.6, v0.25.x is Spin 4.0.
  # The project publishes no checksum file; a plan with a release that is not in this table needs `shim_sha256`.
  shim = {
    version         = "v0.26.0"
    minimum_version = "v0.26.0"
    base            = "https://github.com/spinframework/containerd-shim-spin/releases/download"
    sha256 = {
      "v0.23.0" = {
        x86_64  = "eec8df96fa3a4fe5dbc57ffb706461692c055299dd6d22dff9444863a2a12281"
        aarch64 = "a923f08d91c110d2cda29fbc380273e6d0a97aa0bab455c55f613c8d5a8bfbe4"
      }
    }
  }

  # What the `spintainer` executor runs instead of the shim: Spin itself in an ordinary container.
  spintainer_image = "ghcr.io/spinframework/spin:v4.1.0"
}
