# A laptop: profile = "light".

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  profile = "light"
  # Without a checksum the plan stops.
  shim_sha256 = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
}

run "two_gibibytes_are_enough" {
  command = plan
  assert {
    condition     = local.minikube.cpus == 2 && local.minikube.memory == 2 && local.minikube.disk == 20
    error_message = "the node's size"
  }
  assert {
    condition     = local.least.cpus == 2 && local.least.memory == 2
    error_message = "and what it needs, with a rollout: ${jsonencode(local.required)}"
  }
  assert {
    condition     = local.install == { cert_manager = true, gateway_api = false, mesh = false, spinkube = true, observability = false } && length(module.secrets) == 1
    error_message = "no mesh, no gateway, no observability"
  }
  assert {
    condition     = [for text in values(module.manifests.app.spin_apps) : jsondecode(text).metadata.name] == ["atelier"] && keys(module.manifests.app.extras) == ["atelier"]
    error_message = "one SpinApp, and what it cannot say itself"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.others) : !contains(["Gateway", "HTTPRoute", "AuthorizationPolicy", "PeerAuthentication", "EnvoyFilter", "Certificate"], jsondecode(text).kind)])
    error_message = "nothing of a kind that is not installed"
  }
  assert {
    condition     = output.address == "http://localhost:3000" && strcontains(output.how_to_open, "port-forward service/atelier 3000:80") && length(output.dashboards) == 0
    error_message = "reached on localhost"
  }
  assert {
    condition     = strcontains(output.after_a_reboot, "\"minikube_addons\":[]")
    error_message = "no metrics for autoscalers that are not there, also after a reboot"
  }
}

run "light_with_spintainer" {
  command = plan
  variables {
    executor = "spintainer"
  }
  assert {
    condition     = jsondecode(one(values(module.manifests.app.executors))).spec.deploymentConfig == { spinImage = local.image, installDefaultCACerts = true }
    error_message = "Spin's image from the own registry, and no collector"
  }
}

run "a_domain_changes_nothing_of_light" {
  command = plan
  variables {
    domain = "atelier.example.org"
  }
  assert {
    condition     = !strcontains(join("", values(module.manifests.app.others)), "atelier.example.org")
    error_message = "it is reached on localhost"
  }
}
