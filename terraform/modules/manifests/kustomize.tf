# The application: an overlay of k8s/ plus what only Terraform knows: the image, the domain, the executor.
# Paths are relative to the root module, where Terraform runs.

data "kustomization_overlay" "app" {
  resources  = ["${var.kubernetes_dir}/${var.overlay}"]
  components = [for name, wanted in { compiler = var.compiler_image != null, spintainer = var.executor == "spintainer" } : "${var.kubernetes_dir}/components/${name}" if wanted]

  dynamic "images" {
    for_each = local.images
    content {
      name     = images.key
      new_name = images.value.name
      new_tag  = images.value.tag
      digest   = images.value.digest
    }
  }

  dynamic "config_map_generator" {
    for_each = length(local.literals) == 0 ? [] : [local.literals]
    content {
      name      = "atelier-settings"
      namespace = local.namespace
      behavior  = "merge"
      literals  = config_map_generator.value
    }
  }

  # What k8s/components/addresses does for the overlays: it ran before the line above and wrote the old name.
  dynamic "replacements" {
    for_each = var.domain == null ? [] : [var.domain]
    content {
      source {
        kind       = "ConfigMap"
        name       = "atelier-settings"
        field_path = "data.public_origin"
        options {
          delimiter = "/"
          index     = 2
        }
      }
      target {
        select {
          kind = "Gateway"
          name = "atelier"
        }
        field_paths = ["spec.listeners.*.hostname"]
      }
      target {
        select {
          kind = "HTTPRoute"
        }
        field_paths = ["spec.hostnames.0"]
      }
      target {
        select {
          kind = "Certificate"
          name = "atelier-tls"
        }
        field_paths = ["spec.dnsNames.0"]
      }
      target {
        select {
          kind = "Certificate"
          name = "atelier-ca"
        }
        field_paths = ["spec.nameConstraints.permitted.dnsDomains.0"]
      }
    }
  }

  dynamic "patches" {
    for_each = { for kind, patch in local.patches : kind => patch if patch != "[]" }
    content {
      target {
        kind = patches.key
      }
      patch = patches.value
    }
  }
}

data "kustomization_build" "observability" {
  count = var.observability ? 1 : 0
  path  = "${var.kubernetes_dir}/observability"
}

locals {
  namespace = "atelier"
  literals = concat(
    var.domain == null ? [] : ["public_origin=https://${var.domain}"],
    var.llm_openai == null ? [] : ["llm_openai_origin=${var.llm_openai.origin}", "llm_openai_model=${var.llm_openai.model}"],
  )
  collector = "http://otel-collector.observability.svc.cluster.local:4318"

  # Kind → JSON patch, of those that are `wanted`.
  patches = { for kind, operations in {
    SpinAppExecutor = [
      # The telemetry component ran before `spintainer` brought in an executor of its own, which therefore sends
      # nothing yet; and without a collector nobody should be told to send there.
      { wanted = var.executor == "spintainer" && var.observability, op = "add", path = "/spec/deploymentConfig/otel", value = { exporter_otlp_endpoint = local.collector } },
      { wanted = var.executor == "shim" && !var.observability && var.domain != null, op = "remove", path = "/spec/deploymentConfig/otel" },
      { wanted = var.spin_image != null, op = "replace", path = "/spec/deploymentConfig/spinImage", value = var.spin_image },
    ]
    SpinApp = [
      # `spin up -f` takes a path as well as a reference.
      { wanted = var.spin_image != null, op = "replace", path = "/spec/image", value = "/app/spin.toml" },
      # The operator looks at its executor only when the SpinApp changes (spin-operator 0.6.1).
      { wanted = var.spin_image != null, op = "add", path = "/spec/podAnnotations", value = { "app.kubernetes.io/version" = var.image } },
    ]
  } : kind => jsonencode([for operation in operations : { for key, value in operation : key => value if key != "wanted" } if operation.wanted]) }
  extras_dir = "${var.kubernetes_dir}/deployment-extras${var.domain == null ? "/light" : ""}"

  # The name that k8s/ gives an image before an overlay or Terraform says which one it is → that one. The last colon after the
  # last slash separates the tag; a port's colon comes before it.
  images = { for folder, reference in { "base" = var.image, "components/compiler" = var.compiler_image } :
    yamldecode(file("${var.kubernetes_dir}/${folder}/kustomization.yaml")).images[0].newName => {
      name   = regex("^(.*?)(?:@.*|:[^/:]+)$", reference)[0]
      tag    = strcontains(reference, "@") ? null : regex("^.*:([^/:]+)$", reference)[0]
      digest = strcontains(reference, "@") ? split("@", reference)[1] : null
    } if reference != null
  }

  app           = data.kustomization_overlay.app.manifests
  observability = try(data.kustomization_build.observability[0].manifests, {})

  # Terraform owns the Secrets (module secrets) and makes the namespaces before everything else.
  kinds = merge(
    { for id, text in local.app : id => jsondecode(text).kind },
    { for id, text in local.observability : id => jsondecode(text).kind },
  )
}
