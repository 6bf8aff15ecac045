# The cluster's address is known only when the cluster is there. `module.cluster` hands over the path of the
# kubeconfig once the file exists; on the first plan of an empty machine the path is unknown and the providers,
# which have nothing to read yet, stay unconnected. A path that is known too early would stop that plan:
# hashicorp/kubernetes refuses one that does not exist.
provider "kubernetes" {
  config_path    = module.cluster.kubeconfig
  config_context = module.cluster.context
}

provider "helm" {
  kubernetes = {
    config_path    = module.cluster.kubeconfig
    config_context = module.cluster.context
  }
}

provider "kubectl" {
  config_path    = module.cluster.kubeconfig
  config_context = module.cluster.context
  # Admission webhooks answer a little after their pods are ready, and the operator's Deployments come a little after
  # their SpinApps.
  apply_retry_count = 5
}

# Only builds; it never speaks to a cluster.
provider "kustomization" {
  kubeconfig_incluster = false
}

provider "http" {}

provider "random" {}
