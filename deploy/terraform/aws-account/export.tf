locals {
  new_export    = contains(["cur2", "focus-1.2", "legacy"], var.export)
  reads_bills   = var.export != "none"
  makes_bucket  = local.new_export && var.create_bucket
  bucket_region = coalesce(var.bucket_region, data.aws_region.bucket.name)
  bucket_name   = coalesce(var.bucket_name, "bursar-cur-${var.account_id}-${local.bucket_region}")
  bucket_owner  = coalesce(var.bucket_owner, var.account_id)
  bucket_arn    = "arn:${local.partition}:s3:::${local.bucket_name}"
  export_name   = coalesce(var.export_name, "bursar-${replace(var.export, ".", "-")}")
  export_path   = local.new_export ? "${var.export_prefix}/${local.export_name}" : coalesce(var.existing_export_path, "-")
  export_role   = "${substr(var.role_name, 0, min(length(var.role_name), 57))}-export"
  parquet       = var.export_file_format == "parquet"

  # All columns of each table: AWS does not take SELECT *.
  queries = jsondecode(file("${path.module}/queries.json"))
  query   = local.queries[var.export == "focus-1.2" ? "focus-1.2" : var.split_cost_allocation ? "cur2-split" : "cur2"]

  # The delivery services name the region of billing, wherever the bucket lies.
  deliver = {
    StringEquals = { "aws:SourceAccount" = var.account_id }
    ArnLike = { "aws:SourceArn" = [
      "arn:${local.partition}:cur:${local.home}:${var.account_id}:definition/*",
      "arn:${local.partition}:bcm-data-exports:${local.home}:${var.account_id}:export/*",
    ] }
  }
}

resource "aws_s3_bucket" "bills" {
  count    = local.makes_bucket ? 1 : 0
  provider = aws.bucket

  bucket        = local.bucket_name
  force_destroy = var.force_destroy_bucket
  tags          = local.tags

  lifecycle {
    precondition {
      condition     = local.bucket_region == data.aws_region.bucket.name
      error_message = "bucket_region is not the region of the provider aws.bucket: give the module a provider of that region as aws.bucket."
    }
  }
}

resource "aws_s3_bucket_public_access_block" "bills" {
  count    = local.makes_bucket ? 1 : 0
  provider = aws.bucket

  bucket                  = aws_s3_bucket.bills[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bills" {
  count    = local.makes_bucket ? 1 : 0
  provider = aws.bucket

  bucket = aws_s3_bucket.bills[0].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bills" {
  count    = local.makes_bucket ? 1 : 0
  provider = aws.bucket

  bucket = aws_s3_bucket.bills[0].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "bills" {
  count    = local.makes_bucket ? 1 : 0
  provider = aws.bucket

  bucket = aws_s3_bucket.bills[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyInsecure"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "DeliveryCheck"
        Effect    = "Allow"
        Principal = { Service = ["billingreports.amazonaws.com", "bcm-data-exports.amazonaws.com"] }
        Action    = ["s3:GetBucketAcl", "s3:GetBucketPolicy"]
        Resource  = local.bucket_arn
        Condition = local.deliver
      },
      {
        Sid       = "DeliveryWrite"
        Effect    = "Allow"
        Principal = { Service = ["billingreports.amazonaws.com", "bcm-data-exports.amazonaws.com"] }
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = local.deliver
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.bills]
}

resource "aws_bcmdataexports_export" "bills" {
  count = contains(["cur2", "focus-1.2"], var.export) ? 1 : 0

  export {
    name        = local.export_name
    description = "${var.export == "cur2" ? "CUR 2.0" : "FOCUS 1.2"} for bursar"

    data_query {
      query_statement = local.query
      table_configurations = var.export == "focus-1.2" ? {
        FOCUS_1_2_AWS = { TIME_GRANULARITY = "HOURLY" }
        } : {
        COST_AND_USAGE_REPORT = {
          TIME_GRANULARITY                      = "HOURLY"
          INCLUDE_RESOURCES                     = "TRUE"
          INCLUDE_SPLIT_COST_ALLOCATION_DATA    = var.split_cost_allocation ? "TRUE" : "FALSE"
          INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = "FALSE"
        }
      }
    }

    destination_configurations {
      s3_destination {
        s3_bucket = local.bucket_name
        s3_prefix = var.export_prefix
        s3_region = local.bucket_region

        s3_output_configurations {
          output_type = "CUSTOM"
          format      = local.parquet ? "PARQUET" : "TEXT_OR_CSV"
          compression = local.parquet ? "PARQUET" : "GZIP"
          overwrite   = var.export_versioning
        }
      }
    }

    refresh_cadence {
      frequency = "SYNCHRONOUS"
    }
  }

  tags = local.tags

  lifecycle {
    precondition {
      condition     = data.aws_region.this.name == local.home
      error_message = "Exports are made in the region of billing: give the module a provider of that region (us-east-1, in China cn-northwest-1) as aws."
    }
  }

  # AWS tries the bucket's policy when the export is created.
  depends_on = [aws_s3_bucket_policy.bills]
}

resource "aws_cur_report_definition" "bills" {
  count = var.export == "legacy" ? 1 : 0

  report_name                = local.export_name
  time_unit                  = "HOURLY"
  format                     = local.parquet ? "Parquet" : "textORcsv"
  compression                = local.parquet ? "Parquet" : "GZIP"
  additional_schema_elements = var.split_cost_allocation ? ["RESOURCES", "SPLIT_COST_ALLOCATION_DATA"] : ["RESOURCES"]
  s3_bucket                  = local.bucket_name
  s3_prefix                  = var.export_prefix
  s3_region                  = local.bucket_region
  refresh_closed_reports     = true
  report_versioning          = var.export_versioning
  tags                       = local.tags

  lifecycle {
    precondition {
      condition     = data.aws_region.this.name == local.home
      error_message = "Reports are made in the region of billing: give the module a provider of that region (us-east-1, in China cn-northwest-1) as aws."
    }
  }

  depends_on = [aws_s3_bucket_policy.bills]
}

resource "aws_iam_role" "export" {
  count = local.reads_bills ? 1 : 0

  name                 = local.export_role
  path                 = "/bursar/"
  description          = "Reads one billing export for bursar"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = local.trust
  tags                 = merge(local.tags, { "bursar:template-version" = local.template_version })

  lifecycle {
    precondition {
      condition     = data.aws_caller_identity.this.account_id == var.account_id
      error_message = "The credentials are for another AWS account than the one that is registered (account_id). Sign in to that account and apply again."
    }
    precondition {
      condition     = var.export != "existing" || var.bucket_name != null && var.existing_export_path != null
      error_message = "An existing export needs bucket_name and existing_export_path."
    }
    precondition {
      condition     = !local.new_export || var.create_bucket || var.bucket_name != null
      error_message = "A bucket that exists already needs bucket_name."
    }
  }
}

resource "aws_iam_role_policy" "export" {
  count = local.reads_bills ? 1 : 0

  role = aws_iam_role.export[0].name
  name = "bursar-read-bill"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListPrefix"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = local.bucket_arn
        Condition = {
          StringLike   = { "s3:prefix" = [local.export_path, "${local.export_path}/*"] }
          StringEquals = { "aws:ResourceAccount" = local.bucket_owner }
        }
      },
      {
        Sid       = "BucketSettings"
        Effect    = "Allow"
        Action    = ["s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"]
        Resource  = local.bucket_arn
        Condition = { StringEquals = { "aws:ResourceAccount" = local.bucket_owner } }
      },
      {
        Sid       = "ReadFiles"
        Effect    = "Allow"
        Action    = "s3:GetObject"
        Resource  = "${local.bucket_arn}/${local.export_path}/*"
        Condition = { StringEquals = { "aws:ResourceAccount" = local.bucket_owner } }
      },
    ]
  })
}
