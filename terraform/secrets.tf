# ── Secrets ─────────────────────────────────────────────────────────────────────────────────────────────
# Ephemeral: neither the plan nor the state ever holds them. Give them as TF_VAR_… in the environment at every
# plan and apply. They are written when `secret_revisions` changes, so a later apply without them changes nothing.
variable "postgres_password" {
  description = "Password of the application's database user. Default: generated in the cluster at the first apply."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.postgres_password == null || try(length(var.postgres_password) >= 16, false)
    error_message = "postgres_password must have 16 characters or more, or be left out: then one is generated."
  }
}

variable "service_key" {
  description = "What llm and ocr show to auth when they spend a user's quota. Default: generated."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.service_key == null || try(length(var.service_key) >= 32, false)
    error_message = "service_key must have 32 characters or more, or be left out: then one is generated."
  }
}

variable "webhook_url" {
  description = "Make.com's webhook. Left out: the llm page answers 503 and names the missing variable."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.webhook_url == null || can(regex("^https://[^/ ]+/[^ ]+$", var.webhook_url))
    error_message = "webhook_url must be the whole https:// address that Make.com shows."
  }
}

variable "webhook_api_key" {
  description = "Value of the x-make-apikey header, when the webhook asks for one."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "llm_openai_key" {
  description = "Key of the chat API in llm_openai, where it asks for one."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "gemini_ai_api_key" {
  description = "Key of the Gemini API. Left out: the ocr page answers 503 and names the missing variable."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "secret_revisions" {
  description = "Raise a number to write that secret again: with the value given now, or a newly generated one (docs/operations.md has the steps for each)."
  type = object({
    postgres = optional(number, 1)
    service  = optional(number, 1)
    llm      = optional(number, 1)
    ocr      = optional(number, 1)
  })
  default = {}

  validation {
    condition     = alltrue([for revision in values(var.secret_revisions) : revision >= 1 && floor(revision) == revision])
    error_message = "secret_revisions are whole numbers from 1 upwards."
  }
}
