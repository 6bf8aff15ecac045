# A cluster that is there already.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  cluster    = "existing"
  kubeconfig = "tests/existing.kubeconfig"
  image      = "registry.example.org/atelier:1.0.0"
  # Without a checksum the plan stops.
  shim_sha256 = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
}

run "nothing_happens_on_this_machine" {
  command = plan
  assert {
    condition     = !local.prepare_host && length(module.registry) == 0
    error_message = "no Ansible, no registry"
  }
  assert {
    condition     = length(terraform_data.machine) == 0 && length(terraform_data.mesh) == 0
    error_message = "this machine's size matters to nobody, and the mesh is Terraform's own"
  }
  assert {
    condition     = output.after_a_reboot == ""
    error_message = "whoever runs the cluster starts it again"
  }
  assert {
    condition     = output.kubeconfig == "tests/existing.kubeconfig"
    error_message = "the kubeconfig that was given, known at once"
  }
  assert {
    condition     = module.cluster.context == null
    error_message = "and its current context"
  }
  assert {
    condition     = !strcontains(output.how_to_open, "minikube")
    error_message = "nobody is sent to minikube"
  }
  assert {
    condition     = length(module.secrets) == 1
    error_message = "the minikube overlay's Secrets are made here too"
  }
}

run "a_context_of_its_own" {
  command = plan
  variables {
    kube_context = "test"
  }
  assert {
    condition     = module.cluster.context == "test"
    error_message = "the given context is used"
  }
  assert {
    condition     = alltrue([for command in concat(values(output.dashboards), [output.how_to_open]) : strcontains(command, "kubectl --kubeconfig ${abspath("tests/existing.kubeconfig")} --context test ")])
    error_message = "also by the commands that are printed"
  }
}

run "no_label_for_the_shims_nodes" {
  command = plan
  variables {
    shim_node_selector = {}
  }
  expect_failures = [var.shim_node_selector]
}

run "what_it_has_is_left_alone" {
  command = plan
  variables {
    install = { cert_manager = false, gateway_api = false, mesh = false, spinkube = false, observability = false }
  }
  assert {
    condition     = !anytrue(values(local.install))
    error_message = "only the application is installed"
  }
  assert {
    condition     = length(data.http.shim_release) == 0
    error_message = "no shim, no question for its release"
  }
  assert {
    condition     = length(terraform_data.mesh) == 1
    error_message = "but its mesh is asked for what the policies rely on"
  }
  assert {
    condition     = length(module.manifests.app.spin_apps) == 3
    error_message = "the application itself is"
  }
}

run "production" {
  command = plan
  variables {
    overlay = "production"
    domain  = "atelier.example.org"
  }
  assert {
    condition     = length(module.secrets) == 0
    error_message = "the vault fills the Secrets, Terraform makes none"
  }
  assert {
    condition     = length([for text in values(module.manifests.app.others) : text if jsondecode(text).kind == "ExternalSecret"]) >= 4
    error_message = "through External Secrets"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).spec.instances if jsondecode(text).kind == "Cluster"]) == 3
    error_message = "three PostgreSQL instances"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : jsondecode(text).spec.enableAutoscaling && !can(jsondecode(text).spec.replicas)])
    error_message = "autoscaled, so without a number of replicas (trap 17)"
  }
}
