terraform {
  required_providers {
    http          = { source = "hashicorp/http" }
    kustomization = { source = "kbst/kustomization" }
  }
}
