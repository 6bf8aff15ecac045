# The two ways of running SpinApps.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  image = "registry.example.org/atelier@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  # Without a checksum the plan stops.
  shim_sha256 = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
}

run "shim" {
  command = plan
  assert {
    condition     = jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.runtimeClassName == "wasmtime-spin-v2"
    error_message = "the class that the Shim makes"
  }
  assert {
    condition     = !can(jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.spinImage)
    error_message = "the operator refuses both at once"
  }
  assert {
    condition     = strcontains(one([for text in values(module.manifests.app.executors) : jsondecode(text).spec.deploymentConfig.otel.exporter_otlp_endpoint]), ":4318")
    error_message = "Spin speaks OTLP over HTTP, port 4318 (trap 16)"
  }
  assert {
    condition     = length(data.http.shim_release) == 1
    error_message = "its release is looked for before anything is changed"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : endswith(jsondecode(text).spec.image, "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")])
    error_message = "an image by digest stays one"
  }
}

run "spintainer" {
  command = plan
  variables {
    executor = "spintainer"
  }
  assert {
    condition     = output.executor == "spintainer"
    error_message = "the output says so"
  }
  assert {
    condition     = length(module.manifests.app.executors) == 1
    error_message = "one executor, not also the other"
  }
  assert {
    condition     = !can(jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.runtimeClassName) && strcontains(jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.spinImage, "/spin:v4")
    error_message = "Spin 4.1 or newer in an ordinary container"
  }
  assert {
    condition     = toset([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.executor]) == toset(["atelier-spintainer"])
    error_message = "all SpinApps follow"
  }
  assert {
    condition     = jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.otel.exporter_otlp_endpoint == "http://otel-collector.observability.svc.cluster.local:4318"
    error_message = "it sends where the other one sends"
  }
  assert {
    condition     = length(data.http.shim_release) == 0
    error_message = "no release of the shim is needed"
  }
}

run "spintainer_from_minikubes_own_registry" {
  command = plan
  variables {
    executor = "spintainer"
    image    = null
  }
  assert {
    condition     = jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.spinImage == local.image && startswith(local.image, "atelier-registry:5000/atelier-spin:sources-")
    error_message = "the executor's image is the one that is pushed: Spin with this checkout's components"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.image == "/app/spin.toml" && jsondecode(text).spec.executor == "atelier-spintainer"])
    error_message = "Spin finds the application in its own image"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.podAnnotations["app.kubernetes.io/version"] == local.image])
    error_message = "another image is another SpinApp, or the operator would not roll it out"
  }
  assert {
    condition     = length(module.registry) == 1 && local.push_reference == replace(local.image, "atelier-registry:5000", "127.0.0.1:5080")
    error_message = "and it is built and pushed"
  }
}

run "spintainer_without_observability" {
  command = plan
  variables {
    executor = "spintainer"
    install  = { observability = false }
  }
  assert {
    condition     = !can(jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig.otel)
    error_message = "nothing to send to"
  }
}

run "a_release_that_is_not_out_stops_the_plan" {
  command = plan
  override_data {
    target = data.http.shim_release
    values = { status_code = 404 }
  }
  expect_failures = [data.http.shim_release]
}

run "spintainer_does_not_mind" {
  command = plan
  variables {
    executor = "spintainer"
  }
  override_data {
    target = data.http.shim_release
    values = { status_code = 404 }
  }
  assert {
    condition     = output.executor == "spintainer"
    error_message = "the way out that the message names works"
  }
}

run "a_shim_without_a_checksum_stops_the_plan" {
  command = plan
  variables {
    shim_version = "v0.99.0"
    shim_sha256  = null
  }
  expect_failures = [data.http.shim_release]
}

run "unless_it_is_wanted_unverified" {
  command = plan
  variables {
    shim_version    = "v0.99.0"
    shim_sha256     = null
    shim_unverified = true
  }
  assert {
    condition     = alltrue([for platform in local.shim_release.platforms : platform.sha256 == null])
    error_message = "nothing to compare with"
  }
}

run "a_verified_shim" {
  command = plan
  variables {
    shim_version = "v0.99.0"
    shim_sha256  = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
  }
  assert {
    condition     = length(local.shim_sums) == 2
    error_message = "both architectures have a checksum"
  }
  assert {
    condition     = alltrue([for platform in local.shim_release.platforms : platform.location == "https://github.com/spinframework/containerd-shim-spin/releases/download/v0.99.0/containerd-shim-spin-v2-linux-${platform.arch}.tar.gz"])
    error_message = "the release's own address"
  }
}

run "a_mirror_of_the_shim" {
  command = plan
  variables {
    shim_mirror = "https://mirror.example.org/shim"
  }
  assert {
    condition     = data.http.shim_release[0].url == "https://mirror.example.org/shim/v0.26.0/containerd-shim-spin-v2-linux-x86_64.tar.gz"
    error_message = "asked of the mirror, under the same path"
  }
}
