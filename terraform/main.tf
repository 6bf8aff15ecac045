# One apply, from a bare machine to the site. Each module below is one thing; the arrows between them are the
# `depends_on`s, read downwards when it is built and upwards when it is destroyed.
#
#   host → cluster ─┬─ gateway-api ─┬─ certificates ── spinkube ─┐
#                   │               └─ mesh ── database ─────────┼─ app
#                   ├─ registry ─────────────────────────────────┤
#                   └─ namespaces ── secrets ────────────────────┘   (observability beside app)
#
# Before all of them, preflight.tf.
#
# `manifests` is what all of them apply. It is computed while planning, from files and downloads alone, so that
# the plan of an empty machine already names every object. It must never depend on a module above it: then its
# data sources would be read during the apply and the plan would not know what to create.

module "manifests" {
  source = "./modules/manifests"

  kubernetes_dir = local.kubernetes_dir
  overlay        = local.light ? "overlays/light/without-secrets" : var.overlay == "minikube" ? "overlays/minikube/without-secrets" : "overlays/production"
  downloads      = local.downloads
  image          = local.image
  domain         = local.light ? null : var.domain
  llm_openai     = var.llm_openai
  executor       = var.executor
  compiler_image = local.compiler_image
  spin_image     = local.push_image && var.executor == "spintainer" ? local.image : null
  observability  = local.install.observability
}

module "host" {
  source = "./modules/host"
  count  = local.prepare_host ? 1 : 0

  ansible_dir = local.ansible_dir

  depends_on = [terraform_data.machine]
}

module "cluster" {
  source = "./modules/cluster"

  mode        = var.cluster
  minikube    = local.minikube
  addons      = local.light ? [] : ["metrics-server"]
  kubeconfig  = local.kubeconfig
  context     = local.kube_context
  ansible_dir = local.ansible_dir

  depends_on = [module.host, terraform_data.machine, terraform_data.mesh]
}

module "namespaces" {
  source = "./modules/namespaces"

  manifests = module.manifests.namespaces

  depends_on = [module.cluster]
}

module "certificates" {
  source = "./modules/certificates"
  count  = local.install.cert_manager ? 1 : 0

  chart       = local.charts.cert_manager
  values_dir  = "${local.kubernetes_dir}/platform"
  gateway_api = !local.light

  # It looks for the Gateway API's kinds when it starts, and answers ACME's challenges through them.
  depends_on = [module.cluster, module.gateway_api]
}

module "gateway_api" {
  source = "./modules/gateway-api"
  count  = local.install.gateway_api ? 1 : 0

  manifests = module.manifests.gateway_api

  depends_on = [module.cluster]
}

module "mesh" {
  source = "./modules/mesh"
  count  = local.install.mesh ? 1 : 0

  charts     = { base = local.charts.istio_base, istiod = local.charts.istiod, cni = local.charts.istio_cni, ztunnel = local.charts.ztunnel }
  values_dir = "${local.kubernetes_dir}/platform"

  # istiod looks for the Gateway API's kinds when it starts.
  depends_on = [module.gateway_api]
}

module "spinkube" {
  source = "./modules/spinkube"
  count  = local.install.spinkube ? 1 : 0

  charts        = { operator = local.charts.spin_operator, runtime_class_manager = local.charts.runtime_class_manager }
  crds          = module.manifests.spin_operator
  executor      = var.executor
  shim          = local.shim_release
  node_selector = var.shim_node_selector
  kubeconfig    = module.cluster.kubeconfig
  context       = module.cluster.context

  # The operator's webhook certificate comes from cert-manager. And the release must be there (preflight.tf)
  # before anything is changed.
  depends_on = [module.certificates, data.http.shim_release]
}

module "registry" {
  source = "./modules/registry"
  count  = local.push_image ? 1 : 0

  project_dir = local.project_dir
  reference   = local.push_reference
  what        = var.executor
  sources     = local.sources_sha256

  depends_on = [module.cluster]
}

# The optional compile service's image (compiler/), where none is named.
module "compiler_image" {
  source = "./modules/registry"
  count  = local.push_compiler ? 1 : 0

  project_dir = local.project_dir
  reference   = local.compiler_push_reference
  what        = "compiler"
  sources     = local.compiler_sha256

  depends_on = [module.cluster]
}

module "database" {
  source = "./modules/database"

  cloudnative_pg = var.overlay == "production"
  chart          = local.charts.cloudnative_pg

  depends_on = [module.mesh]
}

module "secrets" {
  source = "./modules/secrets"
  # In production the vault fills them, through the External Secrets objects of the overlay.
  count = var.overlay == "minikube" ? 1 : 0

  namespace         = module.namespaces.application
  revisions         = var.secret_revisions
  postgres_password = var.postgres_password
  service_key       = var.service_key
  webhook_url       = var.webhook_url
  webhook_api_key   = var.webhook_api_key
  llm_openai_key    = var.llm_openai_key
  gemini_ai_api_key = var.gemini_ai_api_key
}

module "app" {
  source = "./modules/app"

  manifests  = module.manifests.app
  pushed     = local.pushed
  kubeconfig = module.cluster.kubeconfig
  context    = module.cluster.context
  namespace  = module.namespaces.application

  depends_on = [
    module.certificates, module.compiler_image, module.database, module.gateway_api, module.mesh, module.registry, module.secrets,
    module.spinkube,
  ]
}

module "observability" {
  source = "./modules/observability"
  count  = local.install.observability ? 1 : 0

  manifests = module.manifests.observability

  # Kiali reads the mesh; the namespace comes with `namespaces`.
  depends_on = [module.mesh, module.namespaces]
}
