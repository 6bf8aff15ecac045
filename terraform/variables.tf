# ── Where ───────────────────────────────────────────────────────────────────────────────────────────────
variable "cluster" {
  description = "`minikube`: prepare this machine and start a cluster on it. `existing`: use the cluster that `kubeconfig` names."
  type        = string
  default     = "minikube"

  validation {
    condition     = contains(["minikube", "existing"], var.cluster)
    error_message = "cluster must be \"minikube\" (prepare this machine, start a cluster) or \"existing\" (use the cluster in kubeconfig)."
  }
}

variable "kubeconfig" {
  description = "Path of the kubeconfig. With `minikube` it is written there (default: .atelier/kubeconfig in the project); with `existing` it must be there already (default: ~/.kube/config)."
  type        = string
  default     = null

  validation {
    condition     = var.kubeconfig == null || try(length(trimspace(var.kubeconfig)) > 0, false)
    error_message = "kubeconfig must be a path, or left out."
  }
  validation {
    condition     = var.cluster != "existing" || fileexists(pathexpand(coalesce(var.kubeconfig, "~/.kube/config")))
    error_message = "With cluster = \"existing\" the kubeconfig file must be there: set kubeconfig to its path."
  }
}

variable "kube_context" {
  description = "Context in the kubeconfig. Default: minikube's profile name, or the current context of an existing cluster."
  type        = string
  default     = null
}

variable "prepare_host" {
  description = "Let Ansible install the container engine, minikube, kubectl, helm, spin and a Rust to build with on this machine first (needs root or sudo). Only with cluster = \"minikube\"."
  type        = bool
  default     = true
}

variable "minikube" {
  description = "The cluster that minikube starts. `memory` and `disk` are in GiB; left out, `cpus`, `memory` and `disk` are 4, 8 and 40 with profile `full`, 2, 2 and 20 with `light`. Changing `name` or `driver` makes a new cluster."
  type = object({
    name   = optional(string, "atelier")
    driver = optional(string, "docker")
    cpus   = optional(number)
    memory = optional(number)
    disk   = optional(number)
  })
  default = {}

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$", var.minikube.name))
    error_message = "minikube.name must be 1 to 40 lower-case letters, digits or hyphens, and start and end with a letter or digit."
  }
  validation {
    condition     = var.minikube.driver == "docker"
    error_message = "minikube.driver must be \"docker\": virtual-machine drivers lose the Spin shim at every restart, because /opt and /etc of the node are not kept."
  }
  validation {
    condition     = var.minikube.cpus == null || try(var.minikube.cpus >= 2 && floor(var.minikube.cpus) == var.minikube.cpus, false)
    error_message = "minikube.cpus must be a whole number, 2 or more."
  }
  validation {
    condition     = var.minikube.memory == null || try(var.minikube.memory >= 2 && floor(var.minikube.memory) == var.minikube.memory, false)
    error_message = "minikube.memory must be a whole number of GiB, 2 or more."
  }
  validation {
    condition     = var.minikube.disk == null || try(var.minikube.disk >= 20 && floor(var.minikube.disk) == var.minikube.disk, false)
    error_message = "minikube.disk must be a whole number, 20 (GiB) or more: 10 of them are PostgreSQL's claim."
  }
}

# ── What ────────────────────────────────────────────────────────────────────────────────────────────────
variable "profile" {
  description = "`full`: the original's replicas and limits, with mesh, gateway and observability. `light`: for a laptop, about 2 GiB; the three components in one pod, reached on localhost, no mesh, no gateway, no observability."
  type        = string
  default     = "full"

  validation {
    condition     = contains(["full", "light"], var.profile)
    error_message = "profile must be \"full\" or \"light\"."
  }
  validation {
    condition     = var.profile != "light" || var.overlay == "minikube"
    error_message = "profile = \"light\" is one pod without a mesh: leave overlay at \"minikube\"."
  }
}

variable "overlay" {
  description = "The folder of k8s/overlays to apply. `minikube`: PostgreSQL in one pod, a self-signed certificate. `production`: three PostgreSQL instances by CloudNativePG, a certificate from an ACME issuer."
  type        = string
  default     = "minikube"

  validation {
    condition     = contains(["minikube", "production"], var.overlay)
    error_message = "overlay must be \"minikube\" or \"production\"."
  }
  validation {
    condition     = !(var.overlay == "production" && var.cluster == "minikube")
    error_message = "overlay = \"production\" wants three nodes and a public name: use it with cluster = \"existing\"."
  }
}

variable "domain" {
  description = "The name under which users reach the site: certificate, gateway and cookie all follow it."
  type        = string
  default     = "atelier.test"

  validation {
    condition     = can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])$", var.domain))
    error_message = "domain must be a full host name in lower case without scheme, port or path, such as atelier.example.org."
  }
  validation {
    condition     = var.overlay != "production" || !can(regex("\\.(test|localhost|local|internal)$", var.domain))
    error_message = "overlay = \"production\" asks a public authority for the certificate: domain must be a public name, not one under .test, .localhost, .local or .internal."
  }
}

variable "image" {
  description = "The application's OCI artefact, by digest or by a tag other than `latest`. Default with minikube: built from this checkout and pushed to the cluster's own registry."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9][a-z0-9.:-]*/[a-z0-9._/-]+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$", var.image))
    error_message = "image must be registry/name@sha256:… or registry/name:tag."
  }
  validation {
    condition     = !can(regex("^[^/]*\\.invalid[:/]", var.image))
    error_message = "image must not be the placeholder of k8s/base: no registry has its name."
  }
  validation {
    condition     = !try(endswith(var.image, ":latest"), false)
    error_message = "image must not be :latest: nobody could say what runs, and a second apply would not notice a new one."
  }
  validation {
    condition     = var.cluster == "minikube" || var.image != null
    error_message = "With cluster = \"existing\" set image to one in a registry of your own: k8s/README.md, steps 2 to 4, pushes it and prints its digest."
  }
}

variable "executor" {
  description = "What runs the SpinApps. `shim`: containerd's Spin shim, installed on the nodes by runtime-class-manager. `spintainer`: Spin in an ordinary container; nothing is installed on the nodes and each pod weighs more. With minikube and no `image`, the container is made from this checkout's Dockerfile and pushed to the cluster's own registry; an `image` of yours must be pullable without a password over HTTPS."
  type        = string
  default     = "shim"

  validation {
    condition     = contains(["shim", "spintainer"], var.executor)
    error_message = "executor must be \"shim\" or \"spintainer\"."
  }
}

variable "shim_version" {
  description = "Release of containerd-shim-spin, with the v. Default: the pinned one (versions.tf)."
  type        = string
  default     = null

  validation {
    condition     = var.shim_version == null || can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+$", var.shim_version))
    error_message = "shim_version must look like v0.26.0."
  }
  validation {
    # The components are spin-sdk 7 (final WASI 0.3): older shims refuse to start them.
    condition     = var.shim_version == null || try(tonumber(split(".", var.shim_version)[1]) >= 26 || !startswith(var.shim_version, "v0."), false)
    error_message = "shim_version must be v0.26.0 or newer: older shims carry Spin 4.0 or 3.6, and the components need Spin 4.1. Use executor = \"spintainer\" where no such release can be had."
  }
}

variable "shim_sha256" {
  description = "SHA-256 of the shim's two tarballs. Required for a release that versions.tf has no checksum of, unless `shim_unverified`."
  type        = object({ x86_64 = string, aarch64 = string })
  default     = null

  validation {
    condition     = var.shim_sha256 == null || alltrue([for sum in values(coalesce(var.shim_sha256, { x86_64 = "", aarch64 = "" })) : can(regex("^[0-9a-f]{64}$", sum))])
    error_message = "shim_sha256 must be two times 64 lower-case hexadecimal digits."
  }
}

variable "shim_unverified" {
  description = "Install a shim that no checksum is known of, unverified, on the nodes. What is installed runs as root there."
  type        = bool
  default     = false
}

variable "shim_node_selector" {
  description = "Labels of the nodes that get the shim. containerd is restarted on them, and SpinApps run only there. Default: every Linux node, also one that is added later."
  type        = map(string)
  default     = { "kubernetes.io/os" = "linux" }

  validation {
    condition     = length(var.shim_node_selector) > 0
    error_message = "shim_node_selector must have a label: leave it out to mean every Linux node."
  }
}

variable "shim_mirror" {
  description = "Where the shim's releases are, for machines that cannot reach github.com. The path below it is the same: /VERSION/containerd-shim-spin-v2-linux-ARCH.tar.gz."
  type        = string
  default     = null

  validation {
    condition     = var.shim_mirror == null || can(regex("^https://[^/]+(/.*[^/])?$", var.shim_mirror))
    error_message = "shim_mirror must be an https:// address without a slash at its end."
  }
}

variable "install" {
  description = "What to install into the cluster. Switch off what an existing cluster already has."
  type = object({
    cert_manager  = optional(bool, true)
    gateway_api   = optional(bool, true)
    mesh          = optional(bool, true)
    spinkube      = optional(bool, true)
    observability = optional(bool, true)
  })
  default = {}

  validation {
    condition     = var.cluster == "existing" || (var.install.cert_manager && var.install.gateway_api && var.install.mesh && var.install.spinkube)
    error_message = "A new minikube has none of cert_manager, gateway_api, mesh and spinkube: they can only be switched off with cluster = \"existing\"."
  }
}

variable "llm_openai" {
  description = "An OpenAI-compatible chat API that is asked in place of Make.com's webhook: its origin (scheme and host, no path) and its model. One that is not on port 443 of the Internet also needs a NetworkPolicy (docs/operations.md, \"Another provider\")."
  type        = object({ origin = string, model = string })
  default     = null

  validation {
    condition     = var.llm_openai == null || can(regex("^https?://[^/@ ]+$", var.llm_openai.origin))
    error_message = "llm_openai.origin must be like https://llm.example.org: scheme, host and perhaps a port, without a path."
  }
  validation {
    condition     = var.llm_openai == null || try(length(trimspace(var.llm_openai.model)) > 0, false)
    error_message = "llm_openai.model must name a model of that API."
  }
}

variable "compile_service" {
  description = "The service that compiles what ocr delivers (compiler/README.md); null: nothing is compiled. `{}` with minikube builds its image from this checkout; else `image` names one, by digest or by a tag other than `latest`."
  type        = object({ image = optional(string) })
  default     = null

  validation {
    condition     = var.compile_service == null || var.profile != "light"
    error_message = "compile_service needs profile = \"full\": it relies on the mesh, and a laptop's node has no room for TeX."
  }
  validation {
    condition     = try(var.compile_service.image, null) == null || try(can(regex("^[a-z0-9][a-z0-9.:-]*/[a-z0-9._/-]+(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$", var.compile_service.image)) && !can(regex("(^[^/]*\\.invalid[:/]|:latest$)", var.compile_service.image)), false)
    error_message = "compile_service.image must be registry/name@sha256:… or registry/name:tag: not :latest, and not the placeholder of k8s/."
  }
  validation {
    condition     = var.compile_service == null || var.cluster == "minikube" || try(var.compile_service.image != null, false)
    error_message = "With cluster = \"existing\" set compile_service.image to one in a registry of your own (k8s/README.md, \"The compile service\")."
  }
}
