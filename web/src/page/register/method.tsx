import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";

// Way is one way to let bursar in. To add one: a line here, and what it asks for in Details.
export interface Way {
  value: string;
  label: string;
  description: string;
  good: string; // when it is the right one
}

export const bulk = "bulk";

export const ways: Way[] = [
  {
    value: "console",
    label: "AWS console (CloudFormation)",
    description: "AWS's create-stack page opens with everything filled in. You look through it and press Create stack. The same stacks can be made with the AWS CLI.",
    good: "Right for most: nothing to install, everything to see before it is made, and gone with the stack.",
  },
  {
    value: "terraform",
    label: "Terraform",
    description: "A main.tf that calls bursar's module, filled in. You run terraform apply; bursar shows what it sees arriving.",
    good: "Right where the account is kept as code already. You need Terraform 1.5 or newer and the rights of an administrator.",
  },
  {
    value: "role",
    label: "A role of your own, or the AWS CLI",
    description: "You bring the ARN of a role that is there, or that you create with two commands. bursar gives the trust policy and the permissions for it.",
    good: "Right where roles are made by another team, or must have a name and a path of your own.",
  },
  {
    value: bulk,
    label: "Many accounts from a list",
    description: "Paste or drop a CSV of up to 5,000 accounts. Each line is looked at before it is sent, and answered by itself.",
    good: "Right for a company's whole list, or for the customers of a provider. Linked accounts of a payer come in by themselves: register the payer instead.",
  },
];

export function Method({ value, change }: { value: string; change?: (value: string) => void }) {
  const chosen = ways.find((w) => w.value === value);
  const items = change ? ways : ways.filter((w) => w.value === value);
  return (
    <Container header={<Header variant="h2">How do you want to let bursar in?</Header>}>
      <SpaceBetween size="m">
        <FormField label="Method" description={change ? "Every method ends with the same checks." : "The account is registered: its method stays. To use another, deregister it and register it again; its bill is kept."}>
          <Tiles value={value} columns={2} items={items.map(({ value, label, description }) => ({ value, label, description }))} onChange={({ detail }) => change?.(detail.value)} />
        </FormField>
        {chosen && change && <Box>{chosen.good}</Box>}
      </SpaceBetween>
    </Container>
  );
}
