import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { useChoose } from "./choose";

const switches = [
  { id: "organization", label: "Organization", what: "tells payer, linked and standalone apart, and lists the linked accounts" },
  { id: "billing_export", label: "Billing export", what: "finds the exports that the account has, and their state" },
  { id: "cost_explorer", label: "Cost Explorer", what: "asks Cost Explorer; AWS charges for each request, and bursar sends none before you say so" },
  { id: "inventory", label: "Inventory", what: "lists resources across services and regions; reads no contents" },
];

// Grants are what the access allows, beyond the defaults. A change changes the template's values.
export function Grants({ account, choice, partition }: { account: string; choice: Schemas["Choice"]; partition: string }) {
  const [granted, setGranted] = useState(choice.capabilities ?? ["organization", "billing_export"]);
  const [boundary, setBoundary] = useState(choice.permissions_boundary ?? "");
  const choose = useChoose(account);
  const field = choose.error instanceof Problem ? choose.error.field : "";
  const kept = (choice.capabilities ?? ["organization", "billing_export"]).join() === granted.join() && (choice.permissions_boundary ?? "") === boundary;
  return (
    <ExpandableSection headerText="What bursar may read">
      <SpaceBetween size="s">
        {switches.map((s) => (
          <Checkbox
            key={s.id}
            checked={granted.includes(s.id)}
            description={s.what}
            onChange={({ detail }) => setGranted(switches.map((x) => x.id).filter((id) => (id === s.id ? detail.checked : granted.includes(id))))}
          >
            {s.label}
          </Checkbox>
        ))}
        <FormField label="Permissions boundary" description="Optional: the ARN of a managed policy that limits the role." errorText={field === "permissions_boundary" && choose.error instanceof Problem ? `${choose.error.message} ${choose.error.hint}` : undefined}>
          <Input value={boundary} placeholder={`arn:${partition}:iam::${account}:policy/boundary`} onChange={({ detail }) => setBoundary(detail.value.trim())} />
        </FormField>
        <Failure error={field === "permissions_boundary" ? null : choose.error} />
        <Button disabled={kept} disabledReason="Nothing is changed" loading={choose.isPending} onClick={() => choose.mutate({ capabilities: granted, permissions_boundary: boundary })}>
          Use these
        </Button>
        {choose.isSuccess && kept && <Box>The values above have changed. If the stack is there already, update it with them.</Box>}
      </SpaceBetween>
    </ExpandableSection>
  );
}
