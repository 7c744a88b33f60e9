import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Problem } from "../../api/problem";

export interface Draft {
  account_id: string;
  name: string;
  partition: "aws" | "aws-cn" | "aws-us-gov";
}

const partitions = [
  { value: "aws", label: "AWS" },
  { value: "aws-cn", label: "AWS China" },
  { value: "aws-us-gov", label: "AWS GovCloud (US)" },
];

export function Details({ draft, change, fixed, error }: { draft: Draft; change: (d: Draft) => void; fixed: boolean; error: Problem | null }) {
  const wrong = (field: string) => (error?.field === field ? `${error.message} ${error.hint}` : undefined);
  return (
    <Container header={<Header variant="h2">Basic details</Header>}>
      <SpaceBetween size="m">
        <FormField label="AWS account id" description="12 digits. For an organization, begin with its management account: the payer." errorText={wrong("account_id")}>
          <Input value={draft.account_id} disabled={fixed} inputMode="numeric" placeholder="123456789012" onChange={({ detail }) => change({ ...draft, account_id: detail.value.replace(/[\s-]/g, "") })} />
        </FormField>
        <FormField label="Name" description="What people call it." errorText={wrong("name")}>
          <Input value={draft.name} disabled={fixed} placeholder="Example Corp payer" onChange={({ detail }) => change({ ...draft, name: detail.value })} />
        </FormField>
        <FormField label="Partition" errorText={wrong("partition")}>
          <Select disabled={fixed} selectedOption={partitions.find((p) => p.value === draft.partition) ?? null} options={partitions} onChange={({ detail }) => change({ ...draft, partition: detail.selectedOption.value as Draft["partition"] })} />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
