output "gateway_api" {
  description = "Gateway API's CRDs and policies: kind/name → YAML."
  value       = local.documents["gateway_api"]
}

output "spin_operator" {
  description = "The Spin operator's CRDs: kind/name → YAML."
  value       = local.documents["spin_operator"]
}

output "namespaces" {
  description = "The namespaces of the application and of observability: id → JSON."
  value       = { for id, text in merge(local.app, local.observability) : id => text if local.kinds[id] == "Namespace" }
}

output "app" {
  description = "The application in the order in which it is applied: executors before spin_apps before extras, everything else beside the executors."
  value = {
    executors = { for id, text in local.app : id => text if local.kinds[id] == "SpinAppExecutor" }
    spin_apps = { for id, text in local.app : id => text if local.kinds[id] == "SpinApp" }
    # What a SpinApp cannot say: parts of the Deployments that the operator makes of them.
    extras = { for name in fileset(local.extras_dir, "*.yaml") : trimsuffix(name, ".yaml") => file("${local.extras_dir}/${name}") }
    others = { for id, text in local.app : id => text if !contains(["Namespace", "Secret", "SpinAppExecutor", "SpinApp"], local.kinds[id]) }
  }
}

output "observability" {
  description = "Collector, stores and dashboards: id → JSON. Empty when they are not wanted."
  value       = { for id, text in local.observability : id => text if local.kinds[id] != "Namespace" }
}

output "requests" {
  description = "What all pods of the application and of observability ask for, and the largest SpinApp's pod alone: processors in thousandths, memory in MiB."
  value = {
    all = {
      cpu    = sum([for request in local.requests : request.times * request.cpu])
      memory = sum([for request in local.requests : request.times * request.memory])
    }
    spin_pod = {
      cpu    = max([for request in local.requests : request.cpu if request.spin]...)
      memory = max([for request in local.requests : request.memory if request.spin]...)
    }
  }
}
