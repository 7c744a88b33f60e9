# An account in no organization, with a report that it has had for long: bursar reads that one, and nothing is made but two roles.

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
  allowed_account_ids = ["345678901234"]
}

module "bursar" {
  source = "../.."
  providers = {
    aws        = aws
    aws.bucket = aws
  }

  account_id    = "345678901234"
  external_id   = "bur-abcdefghijklmnopqrstuvwxyz" # from bursar: bursar account setup 345678901234
  principal     = "999900001111"
  principal_arn = "arn:aws:iam::999900001111:role/bursar"
  role_name     = "bursar-k3j2h1g4f5"

  export               = "existing"
  bucket_name          = "our-billing-bucket"
  bucket_region        = "eu-central-1"
  existing_export_path = "reports/hourly"
}

output "bursar" {
  value = module.bursar
}
