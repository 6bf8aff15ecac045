output "reference" {
  description = "What was pushed."
  value       = terraform_data.pushed.output
}
