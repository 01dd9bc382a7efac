output "instance_id" {
  description = "The host's id, which stands in the label instance."
  value       = aws_instance.host.id
}

output "discovery_profile" {
  description = "The instance profile for Prometheus' host, if it was asked for."
  value       = one(aws_iam_instance_profile.discovery[*].name)
}
