output "kubeconfig" {
  description = "Path of a kubeconfig that is there."
  value       = local.own ? terraform_data.kubeconfig[0].output.path : var.kubeconfig
}

output "context" {
  description = "Context to use in it; null for its current one."
  value       = local.own ? terraform_data.kubeconfig[0].output.context : var.context
}

output "settings" {
  description = "What ansible/minikube.yml was given, as JSON."
  value       = jsonencode(local.settings)
}
