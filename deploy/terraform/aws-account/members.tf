data "aws_organizations_organization" "this" {
  count = var.use_stackset && length(var.organizational_unit_ids) == 0 ? 1 : 0
}

locals {
  units = length(var.organizational_unit_ids) > 0 ? tolist(var.organizational_unit_ids) : [for r in flatten(data.aws_organizations_organization.this[*].roots) : r.id]
}

# The management account itself is never reached by its StackSets: its own role is in main.tf.
resource "aws_cloudformation_stack_set" "members" {
  count = var.use_stackset ? 1 : 0

  name             = "${var.role_name}-members"
  description      = "bursar access to the linked accounts of this organization"
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/member.yaml")
  tags             = local.tags

  parameters = {
    ExternalId          = var.external_id
    Principal           = var.principal
    PrincipalArn        = var.principal_arn
    RoleName            = var.role_name
    EnableInventory     = tostring(contains(var.capabilities, "inventory"))
    PermissionsBoundary = var.permissions_boundary == null ? "" : element(split(":", var.permissions_boundary), 5)
  }

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }

  lifecycle {
    ignore_changes = [administration_role_arn] # a service-managed set has none, and AWS says one
  }
}

# Without instances a StackSet reaches nobody.
resource "aws_cloudformation_stack_set_instance" "members" {
  count = var.use_stackset ? 1 : 0

  stack_set_name = aws_cloudformation_stack_set.members[0].name
  region         = local.home

  deployment_targets {
    organizational_unit_ids = local.units
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }
}
