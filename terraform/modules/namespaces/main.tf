# The namespaces come first, with their labels: pods that start before the mesh's label is there stay outside
# the mesh, and the Secrets must be in place before anything that reads them.
resource "kubectl_manifest" "namespace" {
  for_each = var.manifests

  yaml_body         = each.value
  server_side_apply = true
  # Emptying a namespace takes longer than deleting it; what comes after needs it gone.
  wait = true
}
