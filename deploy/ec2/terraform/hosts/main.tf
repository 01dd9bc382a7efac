# What a host with exporters is, without any provider: its user data, its tags, and who may ask it on which ports. The resources of a
# cloud take it from the outputs; `terraform test` checks it without an account.

terraform {
  required_version = ">= 1.6"
}

locals {
  ports = {
    node-exporter      = 9100
    container-exporter = 8080
    blackbox-exporter  = 9115
    redis-exporter     = 9121
  }

  exporters = sort(distinct(var.exporters))

  user_data = templatefile("${path.module}/../../user-data.yaml.tftpl", {
    packages_url   = trimsuffix(var.packages_url, "/")
    sums_sha256    = var.sums_sha256
    install_sha256 = var.install_sha256
    exporters      = local.exporters
    arguments      = var.arguments
  })
}
