output "address" {
  description = "Where users reach the site."
  value       = local.light ? "http://localhost:3000" : "https://${var.domain}"
}

locals {
  # Root on a bare Debian has no sudo, and needs none.
  as_root = "$(command -v sudo)"
  gateway = "${local.kubectl} --namespace ${module.namespaces.application} get gateway atelier --output jsonpath='{.status.addresses[0].value}'"
  trust   = "${local.kubectl} --namespace ${module.namespaces.application} get secret atelier-ca --output jsonpath='{.data.tls\\.crt}' | base64 --decode > atelier-ca.crt"
}

output "how_to_open" {
  description = "What to run to open the address in a browser: every line that is no comment works as it stands, in a shell that was opened after the apply, as root or as a user in the group docker."
  value = local.light ? join("\n", [
    "# 1. Lead a port of this machine to the site, in a terminal of its own:",
    "${local.kubectl} --namespace ${module.namespaces.application} port-forward service/atelier 3000:80",
    "# 2. Open http://localhost:3000",
    "# From another machine, instead of step 2, there:",
    "#   ssh -N -L 3000:127.0.0.1:3000 USER@THIS-MACHINE",
    ]) : local.own_cluster ? join("\n", [
    "# 1. Give the gateway an address, in a terminal of its own:",
    "KUBECONFIG=${local.kubeconfig} minikube tunnel --profile ${local.minikube.name}",
    "# 2. Let the name point at it:",
    "echo \"$(${local.gateway}) ${var.domain}\" | ${local.as_root} tee -a /etc/hosts",
    "# 3. Trust the local authority, once: import this file into the browser (Authorities).",
    local.trust,
    "# 4. Open https://${var.domain}",
    "# From another machine: steps 1 to 3 here, but import the file there. There, a proxy that looks names up here, and a browser that uses it:",
    "#   ssh -N -D 127.0.0.1:1080 USER@THIS-MACHINE",
    "#   chromium --user-data-dir=/tmp/atelier --proxy-server=socks5://127.0.0.1:1080 https://${var.domain}",
    "#   (Firefox: Settings, Network Settings, SOCKS v5 127.0.0.1 port 1080, \"Proxy DNS when using SOCKS v5\")",
    ]) : join("\n", [
    "# Point ${var.domain} at the gateway's address:",
    local.gateway,
  ])
}

output "dashboards" {
  description = "Name of each dashboard → the command that leads a port of this machine to it, and its address there. From another machine: ssh -N -L PORT:127.0.0.1:PORT. Empty without observability."
  value = local.install.observability ? {
    for name, service in module.observability[0].dashboards :
    name => "${local.kubectl} --namespace ${service.namespace} port-forward service/${service.name} ${service.port} # http://127.0.0.1:${service.port}"
  } : {}
}

output "after_a_reboot" {
  description = "What starts minikube and its registry again after a restart of the machine, which they do not do by themselves. Empty for a cluster that is there."
  value       = local.own_cluster ? "${local.ansible_dir}/converge minikube.yml --extra-vars '${module.cluster.settings}'" : ""
}

output "kubeconfig" {
  description = "Path of the kubeconfig, for kubectl and k9s."
  value       = module.cluster.kubeconfig
}

output "image" {
  description = "What the SpinApps run: the artefact, or with spintainer from this checkout the image that holds Spin and it."
  value       = lookup(local.pushed, local.image, local.image)
}

output "executor" {
  description = "What runs the SpinApps, and of which version."
  value       = var.executor == "shim" ? "containerd-shim-spin ${local.shim_version}" : "spintainer"
}
