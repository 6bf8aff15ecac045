variable "kubernetes_dir" {
  description = "The project's k8s folder, relative to the root module."
  type        = string
}

variable "overlay" {
  description = "Folder in k8s to build."
  type        = string
}

variable "downloads" {
  description = "Group → address of a folder and the SHA-256 of each file in it."
  type        = map(object({ base = string, sha256 = map(string) }))
}

variable "image" {
  description = "The application's artefact: name:tag or name@sha256:…"
  type        = string
}

variable "compiler_image" {
  description = "The compile service's image, as `image`; null without one."
  type        = string
}

variable "domain" {
  description = "Host name of the site; null with the overlay `light`, which is reached on localhost."
  type        = string
}

variable "llm_openai" {
  description = "Origin and model of a chat API in place of Make.com's webhook; null without one."
  type        = object({ origin = string, model = string })
}

variable "executor" {
  description = "`shim` or `spintainer`."
  type        = string
}

variable "spin_image" {
  description = "With `spintainer`: an image that holds Spin and the application below /app. Null: Spin's own image, which pulls the artefact."
  type        = string
}

variable "observability" {
  description = "Whether the collector and the dashboards are installed."
  type        = bool
}
