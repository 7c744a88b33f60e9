data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

data "aws_region" "bucket" {
  provider = aws.bucket
}

locals {
  partition        = data.aws_partition.this.partition
  home             = lookup({ aws = "us-east-1", aws-cn = "cn-northwest-1", aws-us-gov = "us-gov-west-1" }, local.partition, "us-east-1")
  template_version = "1"
  tags             = var.tags

  # The policies of the CloudFormation template, to the letter.
  policies = { for p in jsondecode(file("${path.module}/policies.json")) : p.Name => p.Statements }
  granted  = toset(concat(["bursar-self"], [for c in var.capabilities : "bursar-${replace(c, "_", "-")}"]))

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BursarAssume"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${var.principal}:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = var.external_id }
        ArnEquals    = { "aws:PrincipalArn" = var.principal_arn }
      }
    }]
  })
}

resource "aws_iam_role" "access" {
  count = var.create_access_role ? 1 : 0

  name                 = var.role_name
  path                 = "/bursar/"
  description          = "Read-only access for bursar"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = local.trust
  tags                 = merge(local.tags, { "bursar:template-version" = local.template_version })

  lifecycle {
    precondition {
      condition     = data.aws_caller_identity.this.account_id == var.account_id
      error_message = "The credentials are for another AWS account than the one that is registered (account_id). Sign in to that account and apply again."
    }
  }
}

resource "aws_iam_role_policy" "access" {
  for_each = var.create_access_role ? local.granted : toset([])

  role = aws_iam_role.access[0].name
  name = each.value
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for s in local.policies[each.value] : {
      Sid    = s.Sid
      Effect = s.Effect
      Action = s.Actions
      Resource = [for r in s.Resources : replace(replace(replace(r,
        "$${AWS::Partition}", local.partition),
        "$${AWS::AccountId}", var.account_id),
      "$${RoleName}", var.role_name)]
    }]
  })
}
