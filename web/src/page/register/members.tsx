import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Account, Schemas, Step } from "../../api/client";
import { Status } from "../../part/status";
import { sentence } from "./access";
import { Reached } from "./reached";
import { Target } from "./target";
import { Copied, Out, Texts, Values, Ways } from "./ways";

// Members is the step that brings the linked accounts in: one role in each of them, made by a StackSet of the payer.
export function Members({ account: a, setup, step: s }: { account: Account; setup: Schemas["Setup"]; step: Step }) {
  const full = a.findings?.find((f) => f.check === "organization")?.evidence?.feature_set !== "CONSOLIDATED_BILLING";
  const partly = a.status.capabilities.member_access === "degraded";
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description={sentence(s.why)} actions={s.state === "skipped" ? <Box color="text-body-secondary">Optional</Box> : <Status of={partly ? "attention" : s.state} />}>{s.title}</Header>}>
        <SpaceBetween size="m">
          {!full && (
            <Alert type="warning" header="This organization has consolidated billing only">
              StackSets reach linked accounts only in organizations with all features. Register linked accounts one by one, or enable all features in AWS Organizations.
            </Alert>
          )}
          <Target account={a} choice={setup.choice} />
          <Ways step={s} account={a.account_id} how={<ByHand step={s} account={a.account_id} />} more={stackOf(s, setup)} />
        </SpaceBetween>
      </Container>
      <Reached account={a} />
    </SpaceBetween>
  );
}

// stackOf offers the access stack: its newest template makes the StackSet itself, once it is told for whom.
function stackOf(s: Step, setup: Schemas["Setup"]) {
  const update = s.links?.find((l) => l.title.startsWith("Update"));
  const target = setup.choice.target_organization_id;
  if (!update) return [];
  return [
    {
      id: "stack",
      label: "By the access stack",
      content: (
        <SpaceBetween size="s">
          <Box>The access stack can make the StackSet itself, so that there is one thing to keep and to delete.</Box>
          {target ? (
            <Box>
              Open its update, set TargetOrganizationId to <Copied what="TargetOrganizationId" text={target} />, leave all else as it is, acknowledge the IAM capability, and press <i>Update stack</i>.
            </Box>
          ) : (
            <Box>First say above for which accounts: the update asks for it as TargetOrganizationId.</Box>
          )}
          <Button disabled={!target} disabledReason="Say above for which accounts" iconName="external" iconAlign="right" href={update.url} target="_blank" rel="noreferrer">
            Open AWS update stack page
          </Button>
        </SpaceBetween>
      ),
    },
  ];
}

// ByHand leads through AWS's create-StackSet page, which no link can fill in.
function ByHand({ step: s, account }: { step: Step; account: string }) {
  const page = s.links?.find((l) => l.title === "Create StackSet");
  const url = s.template?.url;
  return (
    <SpaceBetween size="s">
      <ol style={{ margin: 0, paddingLeft: 20 }}>
        <li>
          Signed in to the payer, <b>{account}</b>, open the page. It opens in a new tab, in {s.region}. AWS lets nobody fill it in: copy the values from here.
        </li>
        <li>
          <b>Choose a template</b>: Service-managed permissions, <i>Template is ready</i>,{" "}
          {url ? (
            <>
              <i>Amazon S3 URL</i>: <Copied what="template URL" text={url} />
            </>
          ) : (
            <>
              <i>Upload a template file</i>: {s.template?.name}, which is below.
            </>
          )}
        </li>
        <li>
          <b>Specify StackSet details</b>: the name <Copied what="StackSet name" text={s.stack_name ?? ""} />, and the parameters from the values below.
        </li>
        <li>
          <b>Configure options</b>: execution <i>Active</i> or <i>Inactive</i>, both work. Acknowledge the IAM capability.
        </li>
        <li>
          <b>Set deployment options</b>: the organization or its units, automatic deployment <i>Activated</i>, region {s.region} alone.
        </li>
        <li>
          <b>Review</b>, <i>Submit</i>, and come back here. AWS takes a minute for each few accounts.
        </li>
      </ol>
      {page && (
        <Out url={page.url} primary={s.state !== "done"}>
          Open AWS create StackSet page
        </Out>
      )}
      <Values step={s} byHand />
      <Texts step={s} />
    </SpaceBetween>
  );
}
