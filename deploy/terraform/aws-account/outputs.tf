output "role_arn" {
  description = "The role that bursar assumes. null when a role of your own is registered."
  value       = one(aws_iam_role.access[*].arn)
}

output "export_role_arn" {
  description = "The role that reads the bills. null without an export."
  value       = one(aws_iam_role.export[*].arn)
}

output "bucket" {
  description = "The bucket that the bills are in. null without an export."
  value       = local.reads_bills ? local.bucket_name : null
}

output "bucket_region" {
  description = "The region of that bucket. null without an export."
  value       = local.reads_bills ? local.bucket_region : null
}

output "export" {
  description = "The export that the module has made: its ARN. null when it has made none."
  value       = one(concat(aws_bcmdataexports_export.bills[*].id, aws_cur_report_definition.bills[*].arn))
}

output "stackset" {
  description = "The StackSet that makes the roles of the linked accounts. null without use_stackset."
  value       = one(aws_cloudformation_stack_set.members[*].name)
}

output "template_version" {
  description = "The version that bursar compares with its newest."
  value       = local.template_version
}
