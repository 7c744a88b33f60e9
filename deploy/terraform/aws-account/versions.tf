terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.70"
      # aws is the account, in the region of billing. aws.bucket is the same account, in the region where the bills
      # shall lie; pass aws twice when that is the same.
      configuration_aliases = [aws.bucket]
    }
  }
}
