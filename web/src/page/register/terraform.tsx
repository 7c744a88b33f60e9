import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Step } from "../../api/client";
import { Code } from "../../part/finding";
import { save } from "../../part/save";

const commands = "terraform init -upgrade && \\\n  terraform apply";

// outputs are what the module gives back; main.tf shows them as the output "bursar".
const outputs: [string, string][] = [
  ["role_arn", "the role by which bursar reads the account"],
  ["export_role_arn", "the role that reads the bill, once there is an export"],
  ["bucket and bucket_region", "where the bills lie"],
  ["export", "the ARN of the export, if the module made one"],
  ["stackset", "the StackSet of the linked accounts, once it is switched on"],
  ["template_version", "what bursar compares with its newest"],
];

// Terraform is a whole main.tf and what to run: everything up to this step, so that the same file grows with the registration.
export function Terraform({ step: s, account }: { step: Step; account: string }) {
  const text = s.terraform ?? "";
  return (
    <SpaceBetween size="s">
      <Box>
        Save this as <Box variant="code">main.tf</Box> in a folder of its own. It has everything up to this step: if an earlier one is there already, put this in its place, and Terraform adds
        what is new. The module has no credentials in it: Terraform uses yours, and refuses to run in another account than {account}.
      </Box>
      <Code text={text} what="Terraform configuration" />
      <Button iconName="download" onClick={() => save("main.tf", "text/plain", text)}>
        Download main.tf
      </Button>
      <Box>Then run, with the rights of an administrator of account {account}; look at the plan before you agree to it:</Box>
      <Code text={commands} what="commands" />
      <ExpandableSection headerText="What comes out">
        <Box>
          The output <Box variant="code">bursar</Box> has what was made:
        </Box>
        <ul>
          {outputs.map(([name, what]) => (
            <li key={name}>
              <Box variant="code">{name}</Box>: {what}
            </li>
          ))}
        </ul>
        <Box>Nothing of it needs to be typed in here: bursar finds it by itself.</Box>
      </ExpandableSection>
    </SpaceBetween>
  );
}
