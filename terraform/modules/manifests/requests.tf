# What the pods ask for, read from the manifests themselves.

locals {
  objects = [for text in concat(values(local.app), values(local.observability)) : jsondecode(text)]

  asked = concat(
    [for object in local.objects : { spin = true, times = try(object.spec.replicas, 2), of = [object.spec.resources.requests] } if object.kind == "SpinApp"],
    [for object in local.objects : { spin = false, times = try(object.spec.replicas, 1), of = object.spec.template.spec.containers[*].resources.requests } if contains(["Deployment", "StatefulSet"], object.kind)],
    [for object in local.objects : { spin = false, times = 1, of = object.spec.jobTemplate.spec.template.spec.containers[*].resources.requests } if object.kind == "CronJob"],
    # The gateway's pods, which istiod makes.
    [for object in local.objects : { spin = false, times = yamldecode(object.data.deployment).spec.replicas, of = yamldecode(object.data.deployment).spec.template.spec.containers[*].resources.requests } if object.kind == "ConfigMap" && object.metadata.name == "atelier-gateway"],
  )

  # Quantities as the manifests write them: 200m or 2, 256Mi or 1Gi.
  requests = flatten([
    for pod in local.asked : [
      for request in pod.of : {
        spin   = pod.spin
        times  = pod.times
        cpu    = try(tonumber(request.cpu) * 1000, tonumber(trimsuffix(request.cpu, "m")))
        memory = try(tonumber(trimsuffix(request.memory, "Gi")) * 1024, tonumber(trimsuffix(request.memory, "Mi")))
      }
    ]
  ])
}
