locals {
  objects  = [for text in values(var.manifests) : jsondecode(text)]
  services = { for object in local.objects : object.metadata.name => object if object.kind == "Service" }
  # Those with a page to look at.
  with_page = ["grafana", "jaeger", "kiali", "prometheus"]
}

output "dashboards" {
  description = "Dashboard → the Service and port that serve it."
  value = {
    for name in local.with_page : name => {
      name      = name
      namespace = local.services[name].metadata.namespace
      # The port that is named for browsers, or the first.
      port = try([for port in local.services[name].spec.ports : port.port if contains(["http", "query", "ui", "web"], try(port.name, ""))][0], local.services[name].spec.ports[0].port)
    } if contains(keys(local.services), name)
  }
}
