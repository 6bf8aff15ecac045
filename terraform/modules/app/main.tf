# The application, as Kustomize built it: everything else → executor → SpinApps, one after the other. Down the same way: the
# executor has a finalizer that waits for its SpinApps, and the operator refuses a SpinApp whose executor is not there.

resource "kubectl_manifest" "other" {
  for_each = var.manifests.others

  yaml_body         = lookup(local.by_digest, each.key, each.value)
  server_side_apply = true
  force_conflicts   = true

  # A changed setting is a ConfigMap with another name. The one before stays, as with `kubectl apply -k`: pods that have not
  # moved over yet may restart. Not create_before_destroy, which Terraform extends to all that this depends on: a Shim of
  # another release would be applied over the old one, and then deleted.
  apply_only = strcontains(each.key, "/ConfigMap/")
}

resource "kubectl_manifest" "executor" {
  for_each = var.manifests.executors

  yaml_body         = lookup(local.by_digest, each.key, each.value)
  server_side_apply = true
  force_conflicts   = true
  wait              = true

  depends_on = [kubectl_manifest.other]
}

# One at a time: while an app is rolled over, its old pods keep their memory until their last request is over (ocr: eleven
# minutes), and a node that is just large enough has no room for the old pods of all. auth first: the others ask it.
module "first" {
  source = "../spin-app"

  manifests = local.steps[0]
  cluster   = local.cluster

  depends_on = [kubectl_manifest.executor]
}

module "second" {
  source = "../spin-app"

  manifests = local.steps[1]
  cluster   = local.cluster

  depends_on = [module.first]
}

module "third" {
  source = "../spin-app"

  manifests = local.steps[2]
  cluster   = local.cluster

  depends_on = [module.second]
}

locals {
  cluster = { kubeconfig = var.kubeconfig, context = var.context == null ? "" : var.context, namespace = var.namespace }
  # The plan knows the tag of what is not pushed yet, and by it every object; the digest comes with the push. Only the objects that
  # name such an image are "known after apply" then.
  by_digest = merge({}, [for tag, digest in var.pushed : {
    for id, text in merge(var.manifests.others, var.manifests.executors, var.manifests.spin_apps) : id => replace(text, tag, digest) if strcontains(text, tag)
  }]...)
  names = { for id, text in var.manifests.spin_apps : jsondecode(text).metadata.name => id }
  # `light` has one app, which comes first.
  order = sort(keys(local.names))
  steps = [for place in [0, 1, 2] : {
    spin_apps = { for name in slice(local.order, min(place, length(local.order)), min(place + 1, length(local.order))) : name => lookup(local.by_digest, local.names[name], var.manifests.spin_apps[local.names[name]]) }
    extras    = { for name in slice(local.order, min(place, length(local.order)), min(place + 1, length(local.order))) : name => var.manifests.extras[name] if contains(keys(var.manifests.extras), name) }
  }]
}
