variable "name" {
  description = "The host's name: its tag Name, and the beginning of the label instance."
  type        = string
}

variable "environment" {
  description = "The tag env, which becomes the label env."
  type        = string
  default     = "production"
}

variable "exporters" {
  description = "Which exporters run there."
  type        = list(string)
  default     = ["node-exporter"]

  validation {
    condition = length(var.exporters) > 0 && length(setsubtract(var.exporters, [
      "node-exporter", "container-exporter", "blackbox-exporter", "redis-exporter",
    ])) == 0
    error_message = "At least one, of: node-exporter, container-exporter, blackbox-exporter, redis-exporter."
  }
}

variable "arguments" {
  description = "Flags by exporter, for /etc/default: { node-exporter = \"--collector.systemd\" }. No secrets: user data can be read by whoever is on the host."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for value in values(var.arguments) : !can(regex("[\"\\n]", value))])
    error_message = "Flags are in one line, without double quotes."
  }
}

variable "packages_url" {
  description = "Where the host gets packages: an https folder with what `make packages` has made and deploy/ec2/install.sh."
  type        = string

  validation {
    condition     = can(regex("^https://[^\\s'\"]+$", var.packages_url))
    error_message = "Only https."
  }
}

variable "sums_sha256" {
  description = "The SHA-256 of sha256sums.txt, and so of all packages."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.sums_sha256))
    error_message = "64 hexadecimal digits."
  }
}

variable "install_sha256" {
  description = "The SHA-256 of install.sh."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.install_sha256))
    error_message = "64 hexadecimal digits."
  }
}
