# The Gateway API's kinds, standard channel. Server-side apply: the CRDs are larger than the annotation that
# client-side apply would keep.
resource "kubectl_manifest" "crd" {
  for_each = var.manifests

  yaml_body         = each.value
  server_side_apply = true
  force_conflicts   = true
}
