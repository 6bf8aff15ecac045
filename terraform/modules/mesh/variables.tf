variable "charts" {
  description = "Istio's four charts."
  type = object({
    base    = object({ chart = string, repository = string, version = string })
    istiod  = object({ chart = string, repository = string, version = string })
    cni     = object({ chart = string, repository = string, version = string })
    ztunnel = object({ chart = string, repository = string, version = string })
  })
}

variable "values_dir" {
  description = "Folder with istiod.values.yaml: the mesh's settings that the application relies on."
  type        = string
}
