# Needs no account: the provider is mocked, its schema is real.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "us-east-1" }
  }
  mock_data "aws_organizations_organization" {
    defaults = { roots = [{ id = "r-abcd", arn = "arn:aws:organizations::123456789012:root/o-abcdefghij/r-abcd", name = "Root", policy_types = [] }] }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/bursar/bursar-k3j2h1g4f5" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bursar-cur-123456789012-eu-west-1" }
  }
}

mock_provider "aws" {
  alias = "bucket"

  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bursar-cur-123456789012-eu-west-1" }
  }
}

variables {
  account_id    = "123456789012"
  external_id   = "bur-abcdefghijklmnopqrstuvwxyz"
  principal     = "999900001111"
  principal_arn = "arn:aws:iam::999900001111:role/bursar"
  role_name     = "bursar-k3j2h1g4f5"
}

run "linked" {
  command = apply

  assert {
    condition     = jsondecode(aws_iam_role.access[0].assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == var.external_id
    error_message = "the trust policy does not ask for the external id"
  }
  assert {
    condition     = jsondecode(aws_iam_role.access[0].assume_role_policy).Statement[0].Condition.ArnEquals["aws:PrincipalArn"] == var.principal_arn
    error_message = "the trust policy does not name the principal"
  }
  assert {
    condition     = jsondecode(aws_iam_role.access[0].assume_role_policy).Statement[0].Principal.AWS == "arn:aws:iam::999900001111:root"
    error_message = "the trust policy does not name the account root as an ARN"
  }
  assert {
    condition     = aws_iam_role.access[0].path == "/bursar/" && aws_iam_role.access[0].tags["bursar:template-version"] == "1"
    error_message = "the role is not where bursar looks for it, or says no version"
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy.access)) == toset(["bursar-self", "bursar-organization", "bursar-billing-export"])
    error_message = "other capabilities than the default ones are granted"
  }
  assert {
    condition     = !strcontains(join("", [for p in aws_iam_role_policy.access : p.policy]), "$${")
    error_message = "a placeholder was left in a policy"
  }
  assert {
    condition     = length(aws_s3_bucket.bills) + length(aws_bcmdataexports_export.bills) + length(aws_iam_role.export) + length(aws_cloudformation_stack_set.members) == 0
    error_message = "access alone makes more than a role"
  }
  assert {
    condition     = output.role_arn == "arn:aws:iam::123456789012:role/bursar/bursar-k3j2h1g4f5" && output.bucket == null && output.export == null
    error_message = "outputs"
  }
}

run "payer" {
  command = apply

  variables {
    export       = "cur2"
    capabilities = ["organization", "billing_export", "inventory"]
    use_stackset = true
  }

  assert {
    condition     = aws_bcmdataexports_export.bills[0].export[0].destination_configurations[0].s3_destination[0].s3_region == "eu-west-1"
    error_message = "the export does not deliver to the region of the bucket"
  }
  assert {
    condition     = aws_s3_bucket.bills[0].bucket == "bursar-cur-123456789012-eu-west-1"
    error_message = "the bucket's name does not hold the account and the region"
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_s3_bucket_policy.bills[0].policy).Statement : s.Effect == "Deny" || strcontains(jsonencode(s.Condition), "arn:aws:bcm-data-exports:us-east-1:123456789012:export/*")])
    error_message = "deliveries are not limited to this account's exports in the region of billing"
  }
  assert {
    condition     = strcontains(aws_bcmdataexports_export.bills[0].export[0].data_query[0].query_statement, "line_item_unblended_cost") && !strcontains(aws_bcmdataexports_export.bills[0].export[0].data_query[0].query_statement, "*")
    error_message = "the query does not name its columns"
  }
  assert {
    condition     = aws_iam_role.export[0].name == "bursar-k3j2h1g4f5-export" && jsondecode(aws_iam_role.export[0].assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == var.external_id
    error_message = "the role that reads the bills does not ask for the external id"
  }
  assert {
    condition     = contains(jsondecode(aws_iam_role_policy.export[0].policy).Statement[0].Condition.StringLike["s3:prefix"], "bursar/bursar-cur2/*")
    error_message = "the role reads more than its export"
  }
  assert {
    condition     = aws_cloudformation_stack_set.members[0].parameters.ExternalId == var.external_id && contains(aws_cloudformation_stack_set.members[0].capabilities, "CAPABILITY_NAMED_IAM")
    error_message = "the StackSet cannot make its roles"
  }
  assert {
    condition     = contains(aws_cloudformation_stack_set_instance.members[0].deployment_targets[0].organizational_unit_ids, "r-abcd")
    error_message = "the StackSet reaches nobody"
  }
}

run "stackset_later" {
  command = plan

  variables {
    use_stackset            = true
    organizational_unit_ids = ["ou-abcd-12345678"]
    permissions_boundary    = "arn:aws:iam::123456789012:policy/team/boundary"
  }

  assert {
    condition     = aws_cloudformation_stack_set.members[0].parameters.PermissionsBoundary == "policy/team/boundary" && aws_iam_role.access[0].permissions_boundary == var.permissions_boundary
    error_message = "the boundary does not bound"
  }
}

run "standalone_existing" {
  command = apply

  variables {
    export               = "existing"
    bucket_name          = "our-bills"
    bucket_region        = "eu-central-1"
    existing_export_path = "/reports/hourly"
  }

  assert {
    condition     = length(aws_s3_bucket.bills) + length(aws_bcmdataexports_export.bills) + length(aws_cur_report_definition.bills) == 0
    error_message = "what exists is made again"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.export[0].policy).Statement[2].Resource == "arn:aws:s3:::our-bills//reports/hourly/*"
    error_message = "the role does not read the path as AWS has it"
  }
}

run "legacy" {
  command = apply

  variables {
    export            = "legacy"
    export_versioning = "CREATE_NEW_REPORT"
  }

  assert {
    condition     = aws_cur_report_definition.bills[0].report_name == "bursar-legacy" && aws_cur_report_definition.bills[0].compression == "Parquet" && aws_cur_report_definition.bills[0].report_versioning == "CREATE_NEW_REPORT"
    error_message = "the report is not what was asked for"
  }
}

run "focus" {
  command = plan

  variables {
    export        = "focus-1.2"
    bucket_name   = "mine"
    create_bucket = false
  }

  assert {
    condition     = strcontains(aws_bcmdataexports_export.bills[0].export[0].data_query[0].query_statement, "FROM FOCUS_1_2_AWS") && length(aws_s3_bucket.bills) == 0
    error_message = "the export is not FOCUS, or a bucket that is there was made"
  }
}

run "brought_role" {
  command = plan

  variables {
    create_access_role = false
    export             = "cur2"
    role_name          = "a-role-of-our-own-whose-name-is-as-long-as-a-name-can-be-in-iam1"
  }

  assert {
    condition     = length(aws_iam_role.access) == 0 && length(aws_iam_role.export[0].name) == 64
    error_message = "a role of the customer's own was made, or the other one has too long a name"
  }
}

run "wrong_account" {
  command = plan

  variables {
    account_id = "210987654321"
  }

  expect_failures = [aws_iam_role.access]
}

run "wrong_region_of_the_bucket" {
  command = plan

  variables {
    export        = "cur2"
    bucket_region = "eu-north-1"
  }

  expect_failures = [aws_s3_bucket.bills]
}

run "existing_without_a_path" {
  command = plan

  variables {
    export      = "existing"
    bucket_name = "our-bills"
  }

  expect_failures = [aws_iam_role.export]
}

run "bad_inputs" {
  command = plan

  variables {
    account_id              = "12345"
    external_id             = ""
    principal               = "bursar"
    principal_arn           = "999900001111"
    role_name               = "a b"
    capabilities            = ["everything"]
    permissions_boundary    = "arn:aws:iam::123456789012:role/x"
    export                  = "cur3"
    export_name             = "a b"
    export_prefix           = "a/"
    export_file_format      = "orc"
    export_versioning       = "KEEP"
    bucket_name             = "A"
    bucket_region           = "Ireland"
    bucket_owner            = "me"
    existing_export_path    = "a*"
    organizational_unit_ids = ["o-abcdefghij"]
  }

  expect_failures = [
    var.account_id, var.external_id, var.principal, var.principal_arn, var.role_name, var.capabilities, var.permissions_boundary, var.export,
    var.export_name, var.export_prefix, var.export_file_format, var.export_versioning, var.bucket_name, var.bucket_region, var.bucket_owner,
    var.existing_export_path, var.organizational_unit_ids,
  ]
}
