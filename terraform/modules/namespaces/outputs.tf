output "application" {
  description = "The namespace of the SpinApps, once it exists."
  value       = one([for text in values(var.manifests) : jsondecode(text).metadata.name if jsondecode(text).metadata.name == "atelier"])
  depends_on  = [kubectl_manifest.namespace]
}
