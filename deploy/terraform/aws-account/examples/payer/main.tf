# The management account of an organization: access, the whole bill as CUR 2.0 into a bucket in Ireland, and a role in each linked account.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.70"
    }
  }
}

provider "aws" {
  region              = "us-east-1" # the region of billing
  allowed_account_ids = ["123456789012"]
}

provider "aws" {
  alias               = "bucket"
  region              = "eu-west-1" # where the bills shall lie
  allowed_account_ids = ["123456789012"]
}

module "bursar" {
  source = "../.."
  providers = {
    aws        = aws
    aws.bucket = aws.bucket
  }

  account_id    = "123456789012"
  external_id   = "bur-abcdefghijklmnopqrstuvwxyz" # from bursar: bursar account setup 123456789012
  principal     = "999900001111"
  principal_arn = "arn:aws:iam::999900001111:role/bursar"
  role_name     = "bursar-k3j2h1g4f5"

  export       = "cur2"
  use_stackset = true # may be switched on at any later time: nothing is registered again
}

output "bursar" {
  value = module.bursar
}
