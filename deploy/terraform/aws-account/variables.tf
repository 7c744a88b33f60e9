variable "account_id" {
  description = "The AWS account that is registered: 12 digits. Applying to another one fails."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is 12 digits, as text."
  }
}

variable "external_id" {
  description = "The external id that bursar generated for this account. Do not make one up."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{22,128}$", var.external_id))
    error_message = "external_id is the one that bursar generated: 22 characters or more."
  }
}

variable "principal" {
  description = "The AWS account that bursar runs in: 12 digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.principal))
    error_message = "principal is an account id: 12 digits, as text."
  }
}

variable "principal_arn" {
  description = "The exact ARN of the role or user that bursar runs as, with its path."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", var.principal_arn))
    error_message = "principal_arn is the ARN of an IAM role or user, such as arn:aws:iam::123456789012:role/bursar."
  }
}

variable "role_name" {
  description = "The name of the role that bursar assumes, as bursar chose it. The one that reads the bills has \"-export\" behind it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name is 1 to 64 letters, digits and _+=,.@- characters."
  }
}

variable "create_access_role" {
  description = "Whether the module makes the role that bursar assumes. false when a role of your own is registered."
  type        = bool
  default     = true
  nullable    = false
}

variable "capabilities" {
  description = "What bursar may read: organization, billing_export, cost_explorer (AWS charges $0.01 for each request), inventory."
  type        = set(string)
  default     = ["organization", "billing_export"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.capabilities, ["organization", "billing_export", "cost_explorer", "inventory"])) == 0
    error_message = "capabilities are some of organization, billing_export, cost_explorer and inventory."
  }
}

variable "permissions_boundary" {
  description = "ARN of a managed policy that bounds the roles. Linked accounts use their own policy of the same name."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a managed policy."
  }
}

variable "export" {
  description = "Where the bill comes from: a new export (cur2, focus-1.2, legacy), an existing one, or none."
  type        = string
  default     = "none"
  nullable    = false

  validation {
    condition     = contains(["none", "cur2", "focus-1.2", "legacy", "existing"], var.export)
    error_message = "export is none, cur2, focus-1.2, legacy or existing."
  }
}

variable "export_name" {
  description = "The name of a new export. null: bursar- and its format."
  type        = string
  default     = null

  validation {
    condition     = var.export_name == null || can(regex("^[0-9A-Za-z_-]{1,128}$", var.export_name))
    error_message = "export_name is 1 to 128 letters, digits, dashes and underscores."
  }
}

variable "export_prefix" {
  description = "The folder of a new export in its bucket, without a slash at either end."
  type        = string
  default     = "bursar"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.export_prefix))
    error_message = "export_prefix is letters, digits, dots, dashes and underscores, in parts that a slash separates."
  }
}

variable "export_file_format" {
  description = "How the files of a new export are written: parquet, or csv (gzipped)."
  type        = string
  default     = "parquet"
  nullable    = false

  validation {
    condition     = contains(["parquet", "csv"], var.export_file_format)
    error_message = "export_file_format is parquet or csv."
  }
}

variable "export_versioning" {
  description = "Whether a new delivery of a month replaces the former one in the bucket (OVERWRITE_REPORT), or lies beside it (CREATE_NEW_REPORT)."
  type        = string
  default     = "OVERWRITE_REPORT"
  nullable    = false

  validation {
    condition     = contains(["OVERWRITE_REPORT", "CREATE_NEW_REPORT"], var.export_versioning)
    error_message = "export_versioning is OVERWRITE_REPORT or CREATE_NEW_REPORT."
  }
}

variable "split_cost_allocation" {
  description = "Whether the bill splits shared container hosts by task and pod, for accounts that have opted in to it."
  type        = bool
  default     = true
  nullable    = false
}

variable "create_bucket" {
  description = "Whether the bucket of a new export is made, in the region of the provider aws.bucket. false: it is there, in this account, and lets AWS deliver."
  type        = bool
  default     = true
  nullable    = false
}

variable "bucket_name" {
  description = "The bucket. null: a new one with a name that holds the account's id and the region."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name is 3 to 63 lower-case letters, digits, dots and dashes."
  }
}

variable "bucket_region" {
  description = "The region of the bucket. null: that of the provider aws.bucket."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.bucket_region))
    error_message = "bucket_region is a region, such as eu-west-1."
  }
}

variable "bucket_owner" {
  description = "The account that the bucket of an existing export is in. null: this one."
  type        = string
  default     = null

  validation {
    condition     = var.bucket_owner == null || can(regex("^[0-9]{12}$", var.bucket_owner))
    error_message = "bucket_owner is an account id: 12 digits, as text."
  }
}

variable "existing_export_path" {
  description = "The path of an existing export in its bucket: its prefix and name, without a slash at the end."
  type        = string
  default     = null

  validation {
    condition     = var.existing_export_path == null || can(regex("^[^*?$]*[^*?$/]$", var.existing_export_path))
    error_message = "existing_export_path holds no star, question mark or dollar sign, and no slash at the end."
  }
}

variable "force_destroy_bucket" {
  description = "Whether destroying the module removes the bucket with the bills in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "use_stackset" {
  description = "Whether a role is made in each linked account of the organization, now and as accounts join it. Only in a management account; may be switched on at any later time."
  type        = bool
  default     = false
  nullable    = false
}

variable "organizational_unit_ids" {
  description = "The root (r-…) or organizational units (ou-…) whose accounts get a role. Empty: the whole organization."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for u in var.organizational_unit_ids : can(regex("^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$", u))])
    error_message = "organizational_unit_ids look like r-abcd or ou-abcd-12345678."
  }
}

variable "tags" {
  description = "Tags of everything that the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
