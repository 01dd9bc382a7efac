variables {
  name           = "web-1"
  packages_url   = "https://packages.example.com/pilotlight/"
  sums_sha256    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  install_sha256 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
}

run "a_host_has_node_exporter_unless_told_otherwise" {
  command = plan

  assert {
    condition     = output.ports == { node-exporter = 9100 }
    error_message = "ports: ${jsonencode(output.ports)}"
  }

  assert {
    condition     = output.tags == { Name = "web-1", env = "production", "pilotlight/node-exporter" = "on" }
    error_message = "tags: ${jsonencode(output.tags)}"
  }
}

run "user_data_names_what_is_installed_and_checks_it" {
  command = plan

  variables {
    exporters = ["redis-exporter", "node-exporter", "node-exporter"]
    arguments = { redis-exporter = "--redis.addr=redis://10.0.0.7:6379" }
  }

  assert {
    condition     = strcontains(output.user_data, "--sums '${var.sums_sha256}' node-exporter redis-exporter\n")
    error_message = output.user_data
  }

  assert {
    condition     = strcontains(output.user_data, "'https://packages.example.com/pilotlight/install.sh'")
    error_message = output.user_data
  }

  assert {
    condition     = yamldecode(output.user_data).write_files[0].content == "ARGS=\"--redis.addr=redis://10.0.0.7:6379\"\n"
    error_message = output.user_data
  }

  assert {
    condition     = length(yamldecode(output.user_data).write_files) == 2
    error_message = "only those with arguments have a file"
  }

  assert {
    condition     = output.ports == { node-exporter = 9100, redis-exporter = 9121 }
    error_message = jsonencode(output.ports)
  }
}

run "user_data_is_small_enough_with_everything_in_it" {
  command = plan

  variables {
    exporters = ["node-exporter", "container-exporter", "blackbox-exporter", "redis-exporter"]
  }

  assert {
    condition     = length(output.user_data) < 16384
    error_message = "EC2 takes 16 KB at most"
  }
}

run "an_exporter_that_there_is_not" {
  command = plan

  variables {
    exporters = ["mysqld-exporter"]
  }

  expect_failures = [var.exporters]
}

run "packages_in_the_clear" {
  command = plan

  variables {
    packages_url = "http://packages.example.com"
  }

  expect_failures = [var.packages_url]
}

run "a_checksum_that_is_none" {
  command = plan

  variables {
    sums_sha256 = "latest"
  }

  expect_failures = [var.sums_sha256]
}

run "arguments_that_would_end_their_quotes" {
  command = plan

  variables {
    arguments = { node-exporter = "\" EVIL=\"1" }
  }

  expect_failures = [var.arguments]
}
