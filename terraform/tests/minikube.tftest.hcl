# The default: a laptop.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  image = "registry.example.org/atelier:1.0.0"
  # Without a checksum the plan stops.
  shim_sha256 = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
}

run "a_bare_machine" {
  command = plan

  assert {
    condition     = local.prepare_host && alltrue(values(local.install)) && length(module.secrets) == 1 && length(module.observability) == 1
    error_message = "a new machine gets everything"
  }
  assert {
    condition     = length(module.registry) == 0
    error_message = "a given image is not built and pushed"
  }
  assert {
    condition     = output.address == "https://atelier.test"
    error_message = "the default address"
  }
  assert {
    condition     = strcontains(output.how_to_open, "KUBECONFIG=${local.project_dir}/.atelier/kubeconfig minikube tunnel --profile atelier") && strcontains(output.how_to_open, "/etc/hosts") && strcontains(output.how_to_open, "atelier-ca")
    error_message = "opening it takes a tunnel (which looks for its context in the kubeconfig), a name and the local authority"
  }
  assert {
    condition     = toset(keys(output.dashboards)) == toset(["grafana", "jaeger", "kiali", "prometheus"])
    error_message = "four dashboards"
  }
  assert {
    condition     = local.least.cpus == 4 && local.least.memory == 6
    error_message = "the smallest node that a rollout fits on: ${jsonencode(local.required)}"
  }
  assert {
    condition     = alltrue([for command in values(output.dashboards) : strcontains(command, "--namespace observability port-forward service/")])
    error_message = "each dashboard says how to reach it"
  }
  assert {
    condition     = module.namespaces.application == "atelier"
    error_message = "the application's namespace is known while planning"
  }
  assert {
    condition     = length(module.manifests.namespaces) == 2
    error_message = "two namespaces: the application's and observability's"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.namespaces) : jsondecode(text).kind == "Namespace"])
    error_message = "only namespaces among the namespaces"
  }
  assert {
    condition     = toset(keys(module.manifests.app.extras)) == toset([for text in values(module.manifests.app.spin_apps) : jsondecode(text).metadata.name])
    error_message = "each SpinApp has what it cannot say itself"
  }
  assert {
    condition     = length(module.manifests.app.spin_apps) == 3 && length(module.manifests.app.executors) == 1
    error_message = "three SpinApps, one executor"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.image == "registry.example.org/atelier:1.0.0"])
    error_message = "all three run the one artefact"
  }
  assert {
    condition     = toset([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.executor]) == toset([for text in values(module.manifests.app.executors) : jsondecode(text).metadata.name])
    error_message = "the SpinApps' executor is the one that is there (trap 3)"
  }
  assert {
    condition     = toset([for text in values(module.manifests.app.executors) : jsondecode(text).metadata.namespace]) == toset([for text in values(module.manifests.app.spin_apps) : jsondecode(text).metadata.namespace])
    error_message = "in the SpinApps' own namespace (trap 3)"
  }
  assert {
    condition     = length([for text in values(module.manifests.app.others) : text if jsondecode(text).kind == "Secret"]) == 0
    error_message = "the Secrets are Terraform's, not Kustomize's"
  }
  assert {
    condition     = length(module.manifests.gateway_api) == 10
    error_message = "eight kinds, and the policy with its binding that guards their upgrades"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.gateway_api) : can(yamldecode(text).metadata.name)])
    error_message = "each is one object"
  }
  assert {
    condition     = toset(keys(module.manifests.spin_operator)) == toset(["CustomResourceDefinition/spinapps.core.spinkube.dev", "CustomResourceDefinition/spinappexecutors.core.spinkube.dev"])
    error_message = "the operator's two kinds, which its chart does not bring"
  }
  assert {
    condition     = toset(module.secrets[0].names) == toset(["postgres-secret", "service-secret", "llm-secret", "ocr-secret"])
    error_message = "the original project's Secrets"
  }
}

run "another_domain_reaches_everything_that_names_it" {
  command = plan
  variables {
    domain = "atelier.example.org"
  }
  assert {
    condition     = !strcontains(join("", values(module.manifests.app.others)), "atelier.test")
    error_message = "the old name is nowhere left"
  }
  assert {
    condition     = alltrue([for listener in one([for text in values(module.manifests.app.others) : jsondecode(text) if jsondecode(text).kind == "Gateway"]).spec.listeners : listener.hostname == "atelier.example.org"])
    error_message = "the gateway listens for it"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.others) : jsondecode(text).spec.hostnames == ["atelier.example.org"] if jsondecode(text).kind == "HTTPRoute"])
    error_message = "the routes match it"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).spec.dnsNames if jsondecode(text).kind == "Certificate" && jsondecode(text).metadata.name == "atelier-tls"]) == ["atelier.example.org"]
    error_message = "the certificate is for it"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).data.public_origin if jsondecode(text).kind == "ConfigMap" && startswith(jsondecode(text).metadata.name, "atelier-settings-")]) == "https://atelier.example.org"
    error_message = "the components know it, so that cookies and cross-site checks do"
  }
  assert {
    condition = alltrue([for text in values(module.manifests.app.spin_apps) : alltrue([
      for variable in jsondecode(text).spec.variables : contains([for other in values(module.manifests.app.others) : jsondecode(other).metadata.name], variable.valueFrom.configMapKeyRef.name)
      if can(variable.valueFrom.configMapKeyRef)
    ])])
    error_message = "the SpinApps read the ConfigMap under its new, hashed name"
  }
}

run "without_observability" {
  command = plan
  variables {
    install = { observability = false }
  }
  assert {
    condition     = length(module.observability) == 0 && length(output.dashboards) == 0
    error_message = "no dashboards"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.executors) : !can(jsondecode(text).spec.deploymentConfig.otel)])
    error_message = "and nobody is told to send traces to a collector that is not there"
  }
  assert {
    condition     = length(module.manifests.namespaces) == 1
    error_message = "nor is there a namespace for it"
  }
}

run "a_kubeconfig_below_the_home" {
  command = plan
  variables {
    kubeconfig = "~/atelier.yml"
  }
  assert {
    condition     = local.kubeconfig == pathexpand("~/atelier.yml")
    error_message = "minikube, which would make a folder named ~, gets the path itself"
  }
}

run "a_kubeconfig_beside_the_root_module" {
  command = plan
  variables {
    kubeconfig = "here.yml"
  }
  assert {
    condition     = local.kubeconfig == abspath("here.yml")
    error_message = "Ansible, which works in another folder, writes it where the providers read it"
  }
}

run "the_host_is_somebody_elses" {
  command = plan
  variables {
    prepare_host = false
  }
  assert {
    condition     = !local.prepare_host
    error_message = "Ansible installs nothing"
  }
}
