import type { ExportChoice } from "./choose";

// Mode is which of the three kinds of export was chosen.
export type Mode = "new" | "elsewhere" | "existing";

// billingRegion is where the exports of a partition are made, wherever their buckets lie.
export const billingRegion = (partition: string): string => (partition === "aws-cn" ? "cn-northwest-1" : partition === "aws-us-gov" ? "us-gov-west-1" : "us-east-1");

export function modeOf(choice: ExportChoice | undefined, home: string): Mode {
  if (choice?.existing) return "existing";
  if (choice?.use_existing || (choice?.bucket_region && choice.bucket_region !== home)) return "elsewhere";
  return "new";
}

// regions are offered to choose from; the server knows which exist.
export const regions: Record<string, string[]> = {
  aws: [
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
    "eu-west-1", "eu-west-2", "eu-west-3", "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1",
  ],
  "aws-cn": ["cn-north-1", "cn-northwest-1"],
};

// formats are those that a new export may have.
export const formats = [
  { value: "cur2", label: "CUR 2.0", description: "Everything that AWS tells of a line item" },
  { value: "focus-1.2", label: "FOCUS 1.2", description: "The columns that clouds have in common" },
  { value: "legacy", label: "Legacy Cost and Usage Report", description: "The older layout, where other tools need it" },
];
