import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import type { Account, Schemas, Step } from "../../api/client";
import { Code } from "../../part/finding";
import { Status } from "../../part/status";
import { Confirm } from "./confirm";
import { Grants } from "./grants";
import { Out, Texts, Ways } from "./ways";

// Access is the step that lets bursar in.
export function Access({ account: a, setup, step: s }: { account: Account; setup: Schemas["Setup"]; step: Step }) {
  const state = a.status.capabilities.access ?? "";
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description={sentence(s.why)} actions={<Status of={["insecure", "failed"].includes(state) ? state : s.state} />}>{s.title}</Header>}>
        <SpaceBetween size="m">
          {setup.method === "role" ? <OwnRole step={s} account={a} /> : <Ways step={s} account={a.account_id} />}
          {(s.template || s.terraform || s.texts) && <Grants account={a.account_id} choice={setup.choice} partition={a.partition} />}
        </SpaceBetween>
      </Container>
      <Confirm account={a} steps={setup.steps} about={["access", "organization"]} primary={s.state !== "done"}>
        {state === "insecure" && (
          <Alert type="error" header="This role is insecure: it lets others in">
            Nothing else is done with this account until that is mended: do what the finding below says, then check again.
          </Alert>
        )}
        {s.state === "done" && <Kind account={a} />}
      </Confirm>
    </SpaceBetween>
  );
}

// sentence begins with a capital and ends with a stop.
export const sentence = (text: string | undefined): string => (text ? text.charAt(0).toUpperCase() + text.slice(1) + (/[.:!?]$/.test(text) ? "" : ".") : "");

function OwnRole({ step: s, account: a }: { step: Step; account: Account }) {
  return (
    <SpaceBetween size="m">
      <Box>
        If the role <Box variant="code">{a.role_arn}</Box> is there: give it this trust policy, and the permissions below.
      </Box>
      {s.command && <Code text={s.command} what="command" />}
      <Texts step={s} />
      {(s.links ?? []).map((l) => (
        <SpaceBetween key={l.url} size="xs">
          <Out url={l.url}>{`Open AWS ${l.title.toLowerCase()} page`}</Out>
          <Box color="text-body-secondary">
            It makes a role that trusts bursar&apos;s account with this external id, in the account that you are signed in to: {a.account_id}. Add the permissions from above to the role once it is made.
          </Box>
        </SpaceBetween>
      ))}
    </SpaceBetween>
  );
}

// Kind says what the account turned out to be, and what follows from it.
function Kind({ account: a }: { account: Account }) {
  const seen = a.findings?.find((f) => f.check === "organization")?.message;
  switch (a.kind) {
    case "payer":
      return (
        <Alert type="success" header="Access works. This is a payer">
          {seen} Next: its billing export, then, if you like, its linked accounts.
        </Alert>
      );
    case "standalone":
      return (
        <Alert type="success" header="Access works. This is a standalone account">
          {seen} So it has a bill of its own. Next: its billing export.
        </Alert>
      );
    case "linked":
      return <Linked account={a} seen={seen} />;
  }
  return (
    <Alert type="warning" header="Access works, but what kind of account this is could not be told">
      {seen} Until it can, no billing export is set up: the finding below says what to do.
    </Alert>
  );
}

function Linked({ account: a, seen }: { account: Account; seen: string | undefined }) {
  const go = useNavigate();
  return (
    <Alert type="success" header="Access works. This is a linked account: nothing more is to be set up">
      <SpaceBetween size="xs">
        <Box>{seen}</Box>
        <Box>
          It gets no billing export: AWS writes its costs into its payer&apos;s bill, with the organization&apos;s discounts and credits. An export of its own would bring the same costs a second time, and less exactly.
        </Box>
        {a.payer ? (
          <Box>
            Its payer is registered: {a.payer.name} ({a.payer.account_id}).
          </Box>
        ) : (
          <Box>{a.payer_id ? `Its payer, account ${a.payer_id}, is not registered yet: register it to see costs.` : "Its payer is not known: register it to see costs."}</Box>
        )}
        {!a.payer && a.payer_id && <Button onClick={() => void go(`/accounts/register?method=console&step=details&account=${a.payer_id}`)}>Register the payer</Button>}
      </SpaceBetween>
    </Alert>
  );
}
