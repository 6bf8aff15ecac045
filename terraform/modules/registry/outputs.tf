output "digest" {
  description = "What was pushed: sha256:…"
  value       = data.http.manifest.response_headers["Docker-Content-Digest"]
}
