# A linked account: access alone. Its costs are in the bill of its payer.

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
  region              = "us-east-1"
  allowed_account_ids = ["234567890123"]
}

module "bursar" {
  source = "../.."
  providers = {
    aws        = aws
    aws.bucket = aws
  }

  account_id    = "234567890123"
  external_id   = "bur-abcdefghijklmnopqrstuvwxyz" # from bursar: bursar account setup 234567890123
  principal     = "999900001111"
  principal_arn = "arn:aws:iam::999900001111:role/bursar"
  role_name     = "bursar-k3j2h1g4f5"
  capabilities  = ["organization", "inventory"]
}

output "bursar" {
  value = module.bursar
}
