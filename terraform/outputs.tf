output "address" {
  description = "Where users reach the site."
  value       = "https://${var.domain}"
}

output "how_to_open" {
  description = "What to run on this machine to open the address in a browser."
  value = local.own_cluster ? join("\n", [
    "1. Give the gateway an address, in a terminal of its own:  KUBECONFIG=${local.kubeconfig} minikube tunnel --profile ${var.minikube.name}",
    "2. Let the name point at it:  echo \"$(${local.kubectl} --namespace ${module.namespaces.application} get gateway atelier --output jsonpath='{.status.addresses[0].value}') ${var.domain}\" | sudo tee --append /etc/hosts",
    "3. Trust the local authority (once):  ${local.kubectl} --namespace ${module.namespaces.application} get secret atelier-ca --output jsonpath='{.data.tls\\.crt}' | base64 --decode > atelier-ca.crt, then import that file into the browser",
    "4. Open https://${var.domain}",
  ]) : "Point ${var.domain} at the gateway's address: ${local.kubectl} --namespace ${module.namespaces.application} get gateway atelier"
}

output "dashboards" {
  description = "Name of each dashboard → the command that opens it on this machine. Empty without observability."
  value = var.install.observability ? {
    for name, service in module.observability[0].dashboards :
    name => "${local.kubectl} --namespace ${service.namespace} port-forward service/${service.name} ${service.port}  →  http://127.0.0.1:${service.port}"
  } : {}
}

output "kubeconfig" {
  description = "Path of the kubeconfig, for kubectl and k9s."
  value       = module.cluster.kubeconfig
}

output "image" {
  description = "What the SpinApps run: the artefact, or with spintainer from this checkout the image that holds Spin and it."
  value       = local.image
}

output "executor" {
  description = "What runs the SpinApps, and of which version."
  value       = var.executor == "shim" ? "containerd-shim-spin ${local.shim_version}" : "spintainer"
}
