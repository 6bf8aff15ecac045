# The other modules by themselves.

mock_provider "helm" {}
mock_provider "kubernetes" {}

run "certificates" {
  command = plan
  module {
    source = "./modules/certificates"
  }
  variables {
    chart       = { chart = "cert-manager", repository = "oci://example.org", version = "v1.20.0" }
    values_dir  = "../k8s/platform"
    gateway_api = true
  }
  assert {
    condition     = helm_release.cert_manager.wait && helm_release.cert_manager.wait_for_jobs
    error_message = "the next step needs its webhook"
  }
  assert {
    condition     = yamldecode(helm_release.cert_manager.values[0]).crds.enabled
    error_message = "its kinds come with it"
  }
  assert {
    condition     = yamldecode(helm_release.cert_manager.values[0]).config.enableGatewayAPI
    error_message = "ACME challenges go through the Gateway"
  }
}

run "mesh" {
  command = plan
  module {
    source = "./modules/mesh"
  }
  variables {
    charts = {
      base    = { chart = "base", repository = "https://example.org", version = "1.30.3" }
      istiod  = { chart = "istiod", repository = "https://example.org", version = "1.30.3" }
      cni     = { chart = "cni", repository = "https://example.org", version = "1.30.3" }
      ztunnel = { chart = "ztunnel", repository = "https://example.org", version = "1.30.3" }
    }
    values_dir = "../k8s/platform"
  }
  assert {
    condition     = alltrue([for release in [helm_release.istiod, helm_release.cni, helm_release.ztunnel] : yamldecode(release.values[0]).profile == "ambient"])
    error_message = "ambient: a sidecar would start without its environment"
  }
  assert {
    condition     = alltrue([for release in [helm_release.istiod, helm_release.cni, helm_release.ztunnel] : !can(yamldecode(release.values[0]).global.platform)])
    error_message = "no global.platform (trap 7)"
  }
  assert {
    condition     = alltrue([for release in [helm_release.base, helm_release.istiod, helm_release.cni, helm_release.ztunnel] : release.version == "1.30.3" && release.wait])
    error_message = "one version, one after the other"
  }
  assert {
    condition     = toset(yamldecode(helm_release.istiod.values[0]).meshConfig.extensionProviders[*].name) == toset(["atelier-auth", "otel-tracing", "otel-logs"])
    error_message = "with the providers that the application's policies name"
  }
  assert {
    condition     = kubernetes_namespace_v1.istio_system.metadata[0].labels["pod-security.kubernetes.io/enforce"] == "privileged"
    error_message = "ztunnel works on the node's network"
  }
}

run "database_of_a_laptop" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    cloudnative_pg = false
    chart          = { chart = "cloudnative-pg", repository = "https://example.org", version = "0.29.0" }
  }
  assert {
    condition     = length(helm_release.cloudnative_pg) == 0 && length(kubernetes_namespace_v1.cnpg_system) == 0
    error_message = "one pod needs no operator"
  }
}

run "database_of_production" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    cloudnative_pg = true
    chart          = { chart = "cloudnative-pg", repository = "https://example.org", version = "0.29.0" }
  }
  assert {
    condition     = helm_release.cloudnative_pg[0].version == "0.29.0" && helm_release.cloudnative_pg[0].wait
    error_message = "three instances do"
  }
  assert {
    condition     = kubernetes_namespace_v1.cnpg_system[0].metadata[0].labels["istio.io/dataplane-mode"] == "ambient"
    error_message = "the instances know the operator by its identity in the mesh"
  }
}

run "secrets" {
  command = plan
  module {
    source = "./modules/secrets"
  }
  variables {
    namespace         = "atelier"
    revisions         = { postgres = 4, service = 3, llm = 2, ocr = 1 }
    postgres_password = null
    service_key       = null
    webhook_url       = null
    webhook_api_key   = null
    llm_openai_key    = null
    gemini_ai_api_key = null
  }
  assert {
    condition     = [kubernetes_secret_v1.postgres.data_wo_revision, kubernetes_secret_v1.service.data_wo_revision, kubernetes_secret_v1.llm.data_wo_revision, kubernetes_secret_v1.ocr.data_wo_revision] == [4, 3, 2, 1]
    error_message = "each Secret is written again on its own"
  }
  assert {
    condition     = alltrue([for secret in [kubernetes_secret_v1.postgres, kubernetes_secret_v1.service, kubernetes_secret_v1.llm, kubernetes_secret_v1.ocr] : secret.metadata[0].namespace == "atelier"])
    error_message = "beside the SpinApps"
  }
}

run "cluster_of_ones_own" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    mode        = "minikube"
    minikube    = { name = "essai", driver = "docker", cpus = 2, memory = 6, disk = 20 }
    addons      = ["metrics-server"]
    kubeconfig  = "/tmp/kubeconfig"
    context     = "essai"
    ansible_dir = "../ansible"
  }
  assert {
    condition     = terraform_data.profile[0].input.name == "essai"
    error_message = "destroy deletes this profile"
  }
  assert {
    condition     = terraform_data.profile[0].input.kubeconfig == "/tmp/kubeconfig"
    error_message = "and takes its context out of this kubeconfig"
  }
  assert {
    condition     = length(setsubtract(["minikube.yml", "versions.yml", "roles/minikube/tasks/main.yml", "roles/registry/tasks/main.yml"], local.role_names)) == 0
    error_message = "a changed role is applied"
  }
  assert {
    condition     = terraform_data.kubeconfig[0].input == { path = "/tmp/kubeconfig", context = "essai" }
    error_message = "the hand-over"
  }
  assert {
    condition     = jsondecode(output.settings).minikube_addons == ["metrics-server"] && jsondecode(output.settings).minikube_profile == "essai"
    error_message = "what the role is told"
  }
}

run "cluster_of_somebody_else" {
  command = plan
  module {
    source = "./modules/cluster"
  }
  variables {
    mode        = "existing"
    minikube    = { name = "essai", driver = "docker", cpus = 2, memory = 6, disk = 20 }
    addons      = []
    kubeconfig  = "tests/existing.kubeconfig"
    context     = null
    ansible_dir = "../ansible"
  }
  assert {
    condition     = length(terraform_data.profile) + length(terraform_data.running) + length(terraform_data.kubeconfig) == 0
    error_message = "nothing that destroy could delete"
  }
  assert {
    condition     = output.kubeconfig == "tests/existing.kubeconfig"
    error_message = "its kubeconfig is handed over as it is"
  }
}

run "registry" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    project_dir = "/project"
    reference   = "127.0.0.1:5080/atelier:sources-0123456789abcdef"
    what        = "spintainer"
    sources     = "0123456789abcdef"
  }
  assert {
    condition     = terraform_data.pushed.input == "127.0.0.1:5080/atelier:sources-0123456789abcdef"
    error_message = "pushed where it is pulled from"
  }
  assert {
    condition     = terraform_data.pushed.triggers_replace == ["0123456789abcdef", "spintainer"]
    error_message = "other sources are another build and push, and so is another executor"
  }
}
