# The optional compile service.

mock_provider "helm" {}
mock_provider "kubectl" {}
mock_provider "kubernetes" {}

variables {
  executor        = "spintainer"
  compile_service = {}
}

run "off_by_default" {
  command = plan
  variables {
    compile_service = null
  }
  assert {
    condition     = length(module.compiler_image) == 0 && !strcontains(join("", values(module.manifests.app.others)), "atelier-compiler")
    error_message = "nothing is built, nothing is there"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).data.compile_url if strcontains(text, "\"compile_url\"")]) == "http://compiler.invalid"
    error_message = "and ocr asks nobody"
  }
}

run "one_variable_builds_and_runs_it" {
  command = plan
  assert {
    condition     = length(module.compiler_image) == 1 && startswith(local.compiler_image, "atelier-registry:5000/atelier-compiler:sources-")
    error_message = "its image is made from this checkout"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).spec.template.spec.containers[0].image if jsondecode(text).kind == "Deployment"]) == local.compiler_image
    error_message = "the pod runs what was pushed"
  }
  assert {
    condition     = one([for text in values(module.manifests.app.others) : jsondecode(text).data.compile_url if strcontains(text, "\"compile_url\"")]) == "http://compiler.atelier.svc.cluster.local:8080"
    error_message = "and ocr asks it"
  }
  assert {
    condition     = alltrue([for text in values(module.manifests.app.spin_apps) : strcontains(jsondecode(text).spec.image, "/app/spin.toml")])
    error_message = "the application's own image is another"
  }
}

run "production_with_an_image_by_digest" {
  command = plan
  variables {
    cluster         = "existing"
    kubeconfig      = "tests/existing.kubeconfig"
    overlay         = "production"
    domain          = "atelier.example.org"
    image           = "registry.example.org/atelier:1.0.0"
    compile_service = { image = "registry.example.org:5000/tex/atelier-compiler@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
  }
  assert {
    condition     = length(module.compiler_image) == 0 && one([for text in values(module.manifests.app.others) : jsondecode(text).spec.template.spec.containers[0].image if jsondecode(text).kind == "Deployment"]) == var.compile_service.image
    error_message = "nothing is built, and the given one runs"
  }
}

run "a_cluster_that_is_there_needs_an_image" {
  command = plan
  variables {
    cluster    = "existing"
    kubeconfig = "tests/existing.kubeconfig"
    image      = "registry.example.org/atelier:1.0.0"
  }
  expect_failures = [var.compile_service]
}

run "not_latest" {
  command = plan
  variables {
    compile_service = { image = "registry.example.org/atelier-compiler:latest" }
  }
  expect_failures = [var.compile_service]
}

run "not_the_placeholder" {
  command = plan
  variables {
    compile_service = { image = "registry.invalid/atelier-compiler:not-set" }
  }
  expect_failures = [var.compile_service]
}

run "not_with_light" {
  command = plan
  variables {
    profile = "light"
  }
  expect_failures = [var.compile_service]
}
