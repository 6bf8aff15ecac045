output "names" {
  description = "The Secrets, once they exist."
  value = [
    kubernetes_secret_v1.postgres.metadata[0].name,
    kubernetes_secret_v1.service.metadata[0].name,
    kubernetes_secret_v1.llm.metadata[0].name,
    kubernetes_secret_v1.ocr.metadata[0].name,
  ]
}
