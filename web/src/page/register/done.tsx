import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import type { Account, Step } from "../../api/client";
import { kinds } from "../../part/format";
import { Status } from "../../part/status";
import { Arriving } from "./arriving";

const open = (s: Step) => s.state === "next" || s.state === "later";

// Done sums a registration up, and says what comes by itself from here.
export function Done({ account: a, steps }: { account: Account; steps: Step[] }) {
  const go = useNavigate();
  const left = steps.filter(open);
  return (
    <SpaceBetween size="l">
      {left.length === 0 && a.kind === "unknown" ? (
        <Alert type="warning" header="What kind of account this is could not be told">
          Access works, and nothing more can be set up until bursar knows whether it is a payer, linked or standalone. The finding at the step API access says what it lacks.
        </Alert>
      ) : left.length > 0 ? (
        <Alert type="warning" header="Something is left to be done">
          {left.map((s) => s.title).join("; ")}. The registration goes on there whenever you come back to it.
        </Alert>
      ) : (
        <Alert type="success" header="The registration is finished">
          {next(a)}
        </Alert>
      )}
      <Container header={<Header variant="h2">{`${a.name} (${a.account_id})`}</Header>}>
        <SpaceBetween size="s">
          <Box>
            <Status of={a.status.summary} /> {kinds[a.kind] ?? a.kind}
          </Box>
          <Arriving account={a} steps={steps} />
          <Button onClick={() => void go("/accounts/register")}>Register another account</Button>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

function next(a: Account): string {
  if (a.kind === "linked") return "A linked account has no bill of its own: its payer's export holds its costs.";
  switch (a.status.data_arrival) {
    case "awaiting_first_delivery":
      return "AWS delivers for the first time within 24 hours. bursar looks by itself, and brings the bill in.";
    case "receiving":
      return "Bills arrive: bursar brings each delivery in by itself.";
  }
  return "bursar checks the account by itself from now on, and says on its page when something breaks.";
}
