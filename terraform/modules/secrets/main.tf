# The application's four Secrets, with the original project's names and keys. Every value is write-only: it
# goes to the cluster and is in no plan and no state. It is written at the first apply and whenever its
# revision is raised.

locals {
  labels = { "app.kubernetes.io/part-of" = "atelier", "app.kubernetes.io/managed-by" = "terraform" }
}

# Letters and digits only, so that the password needs no quoting anywhere; 32 of them are 190 bits.
ephemeral "random_password" "postgres" {
  length  = 32
  special = false
}

ephemeral "random_password" "service" {
  length  = 48
  special = false
}

resource "kubernetes_secret_v1" "postgres" {
  metadata {
    name      = "postgres-secret"
    namespace = var.namespace
    labels    = local.labels
  }
  type = "Opaque"

  data_wo = {
    postgresql-user     = "atelier"
    postgresql-db       = "atelier"
    postgresql-password = coalesce(var.postgres_password, ephemeral.random_password.postgres.result)
  }
  data_wo_revision = var.revisions.postgres
}

resource "kubernetes_secret_v1" "service" {
  metadata {
    name      = "service-secret"
    namespace = var.namespace
    labels    = local.labels
  }
  type = "Opaque"

  data_wo          = { service-key = coalesce(var.service_key, ephemeral.random_password.service.result) }
  data_wo_revision = var.revisions.service
}

# An empty value makes the component answer 503 and name what is missing.
resource "kubernetes_secret_v1" "llm" {
  metadata {
    name      = "llm-secret"
    namespace = var.namespace
    labels    = local.labels
  }
  type = "Opaque"

  data_wo = {
    WEBHOOK_URL     = var.webhook_url == null ? "" : var.webhook_url
    WEBHOOK_API_KEY = var.webhook_api_key == null ? "" : var.webhook_api_key
    LLM_OPENAI_KEY  = var.llm_openai_key == null ? "" : var.llm_openai_key
  }
  data_wo_revision = var.revisions.llm
}

resource "kubernetes_secret_v1" "ocr" {
  metadata {
    name      = "ocr-secret"
    namespace = var.namespace
    labels    = local.labels
  }
  type = "Opaque"

  data_wo          = { GEMINI_AI_API_KEY = var.gemini_ai_api_key == null ? "" : var.gemini_ai_api_key }
  data_wo_revision = var.revisions.ocr
}
