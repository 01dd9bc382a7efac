output "user_data" {
  description = "For cloud-init."
  value       = local.user_data
}

output "ports" {
  description = "The ports that only Prometheus may reach, by exporter."
  value       = { for name in local.exporters : name => local.ports[name] }
}

output "tags" {
  description = "What deploy/ec2/prometheus.yml finds the host by."
  value = merge(
    { Name = var.name, env = var.environment },
    { for name in local.exporters : "pilotlight/${name}" => "on" },
  )
}
