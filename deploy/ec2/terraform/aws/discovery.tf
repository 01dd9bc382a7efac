# What the host that Prometheus runs on may do: find the others, and nothing else.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "discovery" {
  statement {
    actions = ["ec2:DescribeInstances"]
    # The action knows no smaller one.
    resources = ["*"]
  }
}

resource "aws_iam_role" "discovery" {
  count = var.with_discovery_profile ? 1 : 0

  name               = "${var.name}-discovery"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "discovery" {
  count = var.with_discovery_profile ? 1 : 0

  name   = "discovery"
  role   = aws_iam_role.discovery[0].id
  policy = data.aws_iam_policy_document.discovery.json
}

resource "aws_iam_instance_profile" "discovery" {
  count = var.with_discovery_profile ? 1 : 0

  name = "${var.name}-discovery"
  role = aws_iam_role.discovery[0].name
}
