variable "namespace" {
  description = "Where the SpinApps are."
  type        = string
}

variable "revisions" {
  description = "Raise a number to write that Secret again."
  type        = object({ postgres = number, service = number, llm = number, ocr = number })
}

variable "postgres_password" {
  description = "Null: generated."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "service_key" {
  description = "Null: generated."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "webhook_url" {
  description = "Null: llm is not configured."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "webhook_api_key" {
  description = "Null: the webhook asks for none."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "llm_openai_key" {
  description = "Null: there is no chat API, or it asks for none."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "gemini_ai_api_key" {
  description = "Null: ocr is not configured."
  type        = string
  sensitive   = true
  ephemeral   = true
}
