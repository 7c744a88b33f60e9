import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import { useCandidates } from "../../api/account";
import type { Account, Schemas, Step } from "../../api/client";
import { Failure } from "../../part/failure";
import { Status } from "../../part/status";
import { sentence } from "./access";
import { Candidates } from "./candidates";
import { useChoose } from "./choose";
import { Confirm } from "./confirm";
import { NewExport } from "./newexport";
import { billingRegion, modeOf, type Mode } from "./region";
import { Texts, Ways } from "./ways";

// Export is the step that brings the bill in: a new export, one with its bucket elsewhere, or one that is there.
export function Export({ account: a, setup }: { account: Account; setup: Schemas["Setup"] }) {
  const steps = setup.steps.filter((s) => s.id === "bucket" || s.id === "export");
  const last = steps[steps.length - 1];
  if (!last) return null;
  if (last.state === "skipped") {
    return (
      <Container header={<Header variant="h2">{last.title}</Header>}>
        <Alert type="info">{sentence(last.why)}</Alert>
      </Container>
    );
  }
  return (
    <SpaceBetween size="l">
      <Where account={a} setup={setup} steps={steps} />
      <Confirm account={a} steps={setup.steps} about={["billing_export"]} primary={last.state !== "done"}>
        {last.state === "done" && <Arrived account={a} />}
      </Confirm>
    </SpaceBetween>
  );
}

// Where asks which export, and then has the stacks of what was chosen.
function Where({ account: a, setup, steps }: { account: Account; setup: Schemas["Setup"]; steps: Step[] }) {
  const home = billingRegion(a.partition);
  const saved = modeOf(setup.choice.export, home);
  const [mode, setMode] = useState<Mode>(saved);
  const choose = useChoose(a.account_id);
  const candidates = useCandidates(a.account_id);
  const found = candidates.data?.items ?? [];
  const change = (to: Mode) => {
    setMode(to);
    if (to === "new" && saved !== "new") choose.mutate({ export: {} });
  };
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Where shall the bill come from?</Header>}>
        <SpaceBetween size="m">
          <FormField label="Billing export">
            <Tiles
              value={mode}
              columns={3}
              items={[
                { value: "new", label: "A new export", description: `The default: a CUR 2.0 export and its bucket, both in ${home}, made by one stack.` },
                { value: "elsewhere", label: "A new export, its bucket elsewhere", description: `A bucket in the region of your choice, or one that you have. The export itself is always made in ${home}.` },
                { value: "existing", label: "An export that is there", description: existing(found) },
              ]}
              onChange={({ detail }) => change(detail.value as Mode)}
            />
          </FormField>
          <Failure error={choose.error && mode !== "elsewhere" ? choose.error : candidates.error} />
          {mode === "existing" ? (
            <Candidates account={a.account_id} list={candidates.data} choose={choose} />
          ) : (
            <NewExport key={mode} account={a} mode={mode} choice={mode === saved ? (setup.choice.export ?? {}) : {}} saved={mode === saved} />
          )}
        </SpaceBetween>
      </Container>
      {mode === saved && !choose.isPending && steps.map((s) => <Stack key={s.id} account={a} step={s} alone={steps.length === 1} />)}
    </SpaceBetween>
  );
}

function existing(found: Schemas["Candidate"][]): string {
  const usable = found.filter((c) => c.usable).length;
  if (found.length === 0) return "Nothing new is made but a role that reads it. bursar has found none in this account.";
  return `Nothing new is made but a role that reads it. bursar has found ${found.length}, of which ${usable} can be used.`;
}

function Stack({ account: a, step: s, alone }: { account: Account; step: Step; alone: boolean }) {
  const title = alone ? s.title : s.id === "bucket" ? `S3 bucket: ${s.title.toLowerCase()}` : `Export: ${s.title}`;
  return (
    <Container header={<Header variant="h2" description={sentence(s.why)} actions={<Status of={s.state} />}>{title}</Header>}>
      <SpaceBetween size="m">
        {!alone && s.id === "export" && <Box>Once the bucket is there: the stack of the export takes it as it is, with USE_EXISTING, its name and its region filled in.</Box>}
        <Ways key={s.template?.name} step={s} account={a.account_id} />
        <Texts step={s} />
      </SpaceBetween>
    </Container>
  );
}

function Arrived({ account: a }: { account: Account }) {
  if (a.status.data_arrival === "receiving") return <Alert type="success" header="Bills arrive">bursar brings each delivery in by itself.</Alert>;
  return (
    <Alert type="success" header="The export is set up">
      AWS delivers for the first time within 24 hours, and the current month alone. bursar looks by itself: there is nothing to wait for here. Months past come on request: the text for AWS Support is above.
    </Alert>
  );
}
