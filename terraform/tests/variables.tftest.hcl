# Every validation of variables.tf and secrets.tf refuses what it says it refuses. One run trips several variables at once: Terraform
# reports them all, and `expect_failures` fails when one of them does not fail. But only one rule of a variable: another
# would hide that it is gone.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  image = "registry.example.org/atelier:1.0.0"
  # Without a checksum the plan stops.
  shim_sha256 = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
}

run "a_cluster_of_another_kind" {
  command = plan
  variables {
    cluster = "kind"
  }
  expect_failures = [var.cluster]
}

run "an_overlay_that_is_not_there" {
  command = plan
  variables {
    overlay = "staging"
  }
  expect_failures = [var.overlay]
}

run "words_that_are_none_of_the_choices" {
  command = plan
  variables {
    executor     = "docker"
    kubeconfig   = " "
    domain       = "https://atelier.example.org"
    shim_version = "0.26.0"
    shim_mirror  = "http://mirror.example.org"
    minikube     = { name = "Atelier" }
  }
  expect_failures = [var.executor, var.kubeconfig, var.domain, var.shim_version, var.shim_mirror, var.minikube]
}

run "an_image_nobody_could_identify" {
  command = plan
  variables {
    image = "registry.example.org/atelier:latest"
  }
  expect_failures = [var.image]
}

run "an_image_without_tag_or_digest" {
  command = plan
  variables {
    image = "registry.example.org/atelier"
  }
  expect_failures = [var.image]
}

run "an_existing_cluster_without_an_image" {
  command = plan
  variables {
    cluster    = "existing"
    kubeconfig = "tests/existing.kubeconfig"
    image      = null
  }
  expect_failures = [var.image]
}

run "an_existing_cluster_without_its_kubeconfig" {
  command = plan
  variables {
    cluster    = "existing"
    kubeconfig = "/nowhere/kubeconfig"
  }
  expect_failures = [var.kubeconfig]
}

run "production_on_a_laptop" {
  command = plan
  variables {
    overlay = "production"
    domain  = "atelier.example.org"
  }
  expect_failures = [var.overlay]
}

run "production_under_a_private_name" {
  command = plan
  variables {
    cluster    = "existing"
    kubeconfig = "tests/existing.kubeconfig"
    overlay    = "production"
    domain     = "atelier.local"
  }
  expect_failures = [var.domain]
}

run "a_profile_that_is_none" {
  command = plan
  variables {
    profile = "small"
  }
  expect_failures = [var.profile]
}

run "light_in_production" {
  command = plan
  variables {
    cluster    = "existing"
    kubeconfig = "tests/existing.kubeconfig"
    profile    = "light"
    overlay    = "production"
    domain     = "atelier.example.org"
  }
  expect_failures = [var.profile]
}

run "a_node_with_too_few_processors_for_full" {
  command = plan
  variables {
    minikube = { cpus = 2 }
  }
  expect_failures = [terraform_data.machine]
}

run "a_node_with_too_little_memory_for_full" {
  command = plan
  variables {
    minikube = { memory = 5 }
  }
  expect_failures = [terraform_data.machine]
}

run "a_shim_too_old_for_the_components" {
  command = plan
  variables {
    shim_version = "v0.25.1"
    shim_sha256  = { x86_64 = "abc", aarch64 = "def" }
  }
  expect_failures = [var.shim_version, var.shim_sha256]
}

run "a_minikube_with_one_processor" {
  command = plan
  variables {
    minikube = { cpus = 1 }
  }
  expect_failures = [var.minikube]
}

run "a_minikube_with_little_memory" {
  command = plan
  variables {
    minikube = { memory = 1 }
  }
  expect_failures = [var.minikube]
}

run "a_minikube_with_half_a_gibibyte" {
  command = plan
  variables {
    minikube = { memory = 6.5 }
  }
  expect_failures = [var.minikube]
}

run "a_minikube_with_a_small_disk" {
  command = plan
  variables {
    minikube = { disk = 10 }
  }
  expect_failures = [var.minikube]
}

run "a_minikube_with_half_a_gibibyte_of_disk" {
  command = plan
  variables {
    minikube = { disk = 20.5 }
  }
  expect_failures = [var.minikube]
}

run "a_virtual_machine_that_forgets_the_shim" {
  command = plan
  variables {
    minikube = { driver = "kvm2" }
  }
  expect_failures = [var.minikube]
}

run "half_a_processor" {
  command = plan
  variables {
    minikube = { cpus = 2.5 }
  }
  expect_failures = [var.minikube]
}

run "a_new_minikube_without_spinkube" {
  command = plan
  variables {
    install = { spinkube = false }
  }
  expect_failures = [var.install]
}

run "secrets_too_short_or_malformed" {
  command = plan
  variables {
    postgres_password = "short"
    service_key       = "short-too"
    webhook_url       = "http://hook.eu2.make.com/abc"
    secret_revisions  = { llm = 0 }
  }
  expect_failures = [var.postgres_password, var.service_key, var.webhook_url, var.secret_revisions]
}

run "a_chat_api_with_a_path" {
  command = plan
  variables {
    llm_openai = { origin = "https://api.mistral.ai/v1", model = "mistral-small-latest" }
  }
  expect_failures = [var.llm_openai]
}

run "a_chat_api_without_a_model" {
  command = plan
  variables {
    llm_openai = { origin = "https://api.mistral.ai", model = " " }
  }
  expect_failures = [var.llm_openai]
}

run "a_revision_between_two_numbers" {
  command = plan
  variables {
    secret_revisions = { postgres = 1.5 }
  }
  expect_failures = [var.secret_revisions]
}

# And what must be accepted.
run "everything_given" {
  command = plan
  variables {
    image             = "registry.example.org:5000/team/atelier@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    domain            = "atelier.example.org"
    shim_version      = "v0.27.1"
    shim_sha256       = { x86_64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", aarch64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210" }
    shim_mirror       = "https://mirror.example.org/shim"
    minikube          = { name = "essai-2", cpus = 4, memory = 6, disk = 20 }
    postgres_password = "0123456789abcdef"
    service_key       = "0123456789abcdef0123456789abcdef"
    webhook_url       = "https://hook.eu2.make.com/abcdef"
    webhook_api_key   = "key"
    llm_openai        = { origin = "http://ollama.ollama.svc.cluster.local:11434", model = "qwen2.5-coder:7b" }
    llm_openai_key    = "key"
    gemini_ai_api_key = "key"
    secret_revisions  = { postgres = 2, service = 3 }
  }
  assert {
    condition     = output.image == var.image
    error_message = "a given image runs as it is"
  }
  assert {
    condition     = output.executor == "containerd-shim-spin v0.27.1"
    error_message = "the given shim release is the one that is installed"
  }
  assert {
    condition     = output.address == "https://atelier.example.org"
    error_message = "the address follows the domain"
  }
}

run "a_shim_of_a_later_major_version" {
  command = plan
  variables {
    shim_version = "v1.2.0"
  }
  assert {
    condition     = output.executor == "containerd-shim-spin v1.2.0"
    error_message = "v1 is newer than v0.26"
  }
}

run "the_placeholder_of_the_image" {
  command = plan
  variables {
    image = "registry.invalid/atelier:not-set"
  }
  expect_failures = [var.image]
}
