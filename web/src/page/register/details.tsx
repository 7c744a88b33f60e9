import Alert from "@cloudscape-design/components/alert";
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
  role_arn: string;
  partition: "aws" | "aws-cn" | "aws-us-gov";
}

const partitions = [
  { value: "aws", label: "AWS" },
  { value: "aws-cn", label: "AWS China" },
  { value: "aws-us-gov", label: "AWS GovCloud (US)" },
];

interface Asked {
  method: string;
  draft: Draft;
  change?: (d: Draft) => void; // absent: the account is registered
  error: Problem | null;
  submit?: () => void;
}

export function Details({ method, draft, change, error, submit }: Asked) {
  const wrong = (field: string) => (error?.field === field ? `${error.message} ${error.hint}` : undefined);
  const fixed = !change;
  const put = (some: Partial<Draft>) => change?.({ ...draft, ...some });
  const enter = (e: CustomEvent<{ key: string }>) => e.detail.key === "Enter" && submit?.();
  return (
    <SpaceBetween size="l">
      {!fixed && (
        <Alert type="info" header="Have an organization? Register its payer">
          The payer (the management account) has the bill of all its linked accounts, and they can be brought in at the end with one StackSet. Nobody has to be registered one by one.
        </Alert>
      )}
      <Container header={<Header variant="h2">Basic details</Header>}>
        <SpaceBetween size="m">
          <FormField label="AWS account id" description={fixed ? undefined : "12 digits. AWS's console shows it in the menu at the top right."} errorText={wrong("account_id")}>
            <Input value={draft.account_id} disabled={fixed} inputMode="numeric" placeholder="123456789012" onKeyDown={enter} onChange={({ detail }) => put({ account_id: detail.value.replace(/[\s-]/g, "") })} />
          </FormField>
          <FormField label="Name" description={fixed ? "It can be changed on the account's page." : "What people call it. Each name is used once."} errorText={wrong("name")}>
            <Input value={draft.name} disabled={fixed} placeholder="Example Corp payer" onKeyDown={enter} onChange={({ detail }) => put({ name: detail.value })} />
          </FormField>
          {method === "role" && (
            <FormField
              label="Role ARN"
              description={fixed ? undefined : "Of the role that bursar shall assume. It may be there already; if not, the next step has the commands that create it. The path /bursar/ is best: bursar's own identity may be limited to it."}
              errorText={wrong("role_arn")}
            >
              <Input value={draft.role_arn} disabled={fixed} placeholder={`arn:aws:iam::${draft.account_id || "123456789012"}:role/bursar/finops`} onKeyDown={enter} onChange={({ detail }) => put({ role_arn: detail.value.trim() })} />
            </FormField>
          )}
          <FormField label="Partition" description={fixed ? undefined : "The AWS cloud that the account is in. Nearly all are in AWS."} errorText={wrong("partition")}>
            <Select disabled={fixed} selectedOption={partitions.find((p) => p.value === draft.partition) ?? null} options={partitions} onChange={({ detail }) => put({ partition: detail.selectedOption.value as Draft["partition"] })} />
          </FormField>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
