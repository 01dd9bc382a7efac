variable "ami" {
  description = "The image: a Linux with systemd and cloud-init."
  type        = string
}

variable "instance_type" {
  description = "Its size."
  type        = string
  default     = "t3.small"
}

variable "vpc_id" {
  description = "Where its security group is."
  type        = string
}

variable "subnet_id" {
  description = "Where it is."
  type        = string
}

variable "security_group_ids" {
  description = "Groups that it is in besides that of its exporters."
  type        = list(string)
  default     = []
}

variable "monitoring_security_group_id" {
  description = "The group of the host that Prometheus runs on: the only one that reaches the exporters."
  type        = string
}

variable "packages_cidr" {
  description = "Where packages may be fetched from, over https."
  type        = string
  default     = "0.0.0.0/0"
}

variable "instance_profile" {
  description = "The rights of its own; exporters need none."
  type        = string
  default     = null
}

variable "detailed_monitoring" {
  description = "Whether CloudWatch measures it each minute; exporters do not need it."
  type        = bool
  default     = false
}

variable "with_discovery_profile" {
  description = "Whether to make an instance profile for the host that Prometheus runs on."
  type        = bool
  default     = false
}

variable "name" {
  description = "As in ../hosts."
  type        = string
}

variable "environment" {
  description = "As in ../hosts."
  type        = string
  default     = "production"
}

variable "exporters" {
  description = "As in ../hosts."
  type        = list(string)
  default     = ["node-exporter"]
}

variable "arguments" {
  description = "As in ../hosts."
  type        = map(string)
  default     = {}
}

variable "packages_url" {
  description = "As in ../hosts."
  type        = string
}

variable "sums_sha256" {
  description = "As in ../hosts."
  type        = string
}

variable "install_sha256" {
  description = "As in ../hosts."
  type        = string
}
