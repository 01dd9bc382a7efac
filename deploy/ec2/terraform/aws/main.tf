# A monitored host on EC2: thin resources around ../hosts, which knows what is in them.

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

module "host" {
  source = "../hosts"

  name           = var.name
  environment    = var.environment
  exporters      = var.exporters
  arguments      = var.arguments
  packages_url   = var.packages_url
  sums_sha256    = var.sums_sha256
  install_sha256 = var.install_sha256
}

resource "aws_instance" "host" {
  # checkov:skip=CKV_AWS_126:exporters tell more, four times as often, and it costs money: var.detailed_monitoring

  ami                    = var.ami
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = concat([aws_security_group.exporters.id], var.security_group_ids)
  user_data              = module.host.user_data
  tags                   = module.host.tags
  ebs_optimized          = true
  monitoring             = var.detailed_monitoring
  iam_instance_profile   = var.instance_profile

  # Only with a token, and not from within containers.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted = true
  }
}

resource "aws_security_group" "exporters" {
  name        = "${var.name}-exporters"
  description = "Exporters of ${var.name}, for Prometheus alone"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-exporters" }
}

resource "aws_vpc_security_group_ingress_rule" "prometheus" {
  for_each = module.host.ports

  security_group_id            = aws_security_group.exporters.id
  referenced_security_group_id = var.monitoring_security_group_id
  description                  = "Prometheus asks ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# Where packages come from.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.exporters.id
  description       = "Packages"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = var.packages_cidr
}
