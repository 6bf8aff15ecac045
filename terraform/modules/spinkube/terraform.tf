terraform {
  required_providers {
    kubectl    = { source = "gavinbunney/kubectl" }
    helm       = { source = "hashicorp/helm" }
    kubernetes = { source = "hashicorp/kubernetes" }
  }
}
