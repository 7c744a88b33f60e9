import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useParams } from "react-router";
import { answer, api, type Finding, type Run } from "../../api/client";
import { watchRun } from "../../api/events";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { checks, clock, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { To } from "../account/columns";
import { live, nameOfRun, Progress, useCancel } from "./table";

// Step is one line of what a run has told.
interface Step {
  at: string;
  what: string;
}

// useRun follows a run: everything from its beginning, and on while it goes.
function useRun(id: string) {
  const [run, setRun] = useState<Run | null>(null);
  const [found, setFound] = useState<Finding[]>([]);
  const [steps, setSteps] = useState<Step[]>([]);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const ctl = new AbortController();
    setRun(null);
    setFound([]);
    setSteps([]);
    watchRun(
      id,
      (e) => {
        if ("finding" in e) return setFound((f) => (f.some((x) => x.id === e.finding.id) ? f : [...f, e.finding]));
        setRun(e.run);
        const what = e.run.progress.step ?? "";
        setSteps((s) => (what && s.at(-1)?.what !== what ? [...s.slice(-199), { at: new Date().toISOString(), what }] : s));
      },
      ctl.signal,
    ).catch((e: unknown) => !ctl.signal.aborted && setError(e));
    return () => ctl.abort();
  }, [id]);
  return { run, found, steps, error };
}

export function Component() {
  const { run: id = "" } = useParams();
  const may = useMay();
  const { run, found, steps, error } = useRun(id);
  const cancel = useCancel();
  const about = run?.account_id?.startsWith("acc_") ? run.account_id : "";
  const account = useQuery({ queryKey: ["account", about], enabled: about !== "", retry: false, queryFn: () => answer(api.GET("/api/v1/accounts/{account}", { params: { path: { account: about } } })) });
  useHelp("Run", <p>You can leave this page: the run goes on. Cancelled, it leaves nothing behind.</p>);
  if (error) return <Failure error={error} />;
  if (!run) return <Box>Reading the run…</Box>;
  const seconds = run.started_at && run.finished_at ? Math.max(0, (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000) : 0;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={run.id} actions={live(run) && may("accounts:check") && <Button loading={cancel.isPending} onClick={() => cancel.mutate(run.id)}>Cancel</Button>}>
          {nameOfRun(run)}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={cancel.error} />
        {run.error && (
          <Alert type="error" header={run.error.message}>
            {run.error.hint}
          </Alert>
        )}
        <Container>
          <SpaceBetween size="m">
            <KeyValuePairs
              columns={4}
              items={[
                { label: "State", value: <Status of={run.state} /> },
                { label: "Account", value: account.data ? <To href={`/accounts/${account.data.account_id}`}>{account.data.name}</To> : "–" },
                { label: "Asked for", value: when(run.created_at) },
                { label: "Ended", value: run.finished_at ? `${when(run.finished_at)}, after ${seconds.toFixed(1)} s` : "–" },
                { label: "Attempt", value: String(run.attempt) },
              ]}
            />
            <Progress of={run} />
          </SpaceBetween>
        </Container>
        {found.length > 0 && (
          <Table
            header={<Header variant="h2" counter={`(${found.length})`}>What it found</Header>}
            items={found}
            trackBy="id"
            columnDefinitions={[
              { id: "at", header: "When", cell: (f) => clock(f.at) },
              { id: "check", header: "Check", cell: (f) => checks[f.check] ?? f.check, isRowHeader: true },
              { id: "status", header: "Outcome", cell: (f) => <Status of={f.status} /> },
              { id: "message", header: "What was seen", cell: (f) => f.message },
            ]}
          />
        )}
        <Table
          header={<Header variant="h2" description="What the run has told since this page was opened.">Log</Header>}
          items={steps}
          empty={live(run) ? "It has told nothing yet." : "It had ended before this page was opened."}
          columnDefinitions={[
            { id: "at", header: "When", cell: (s) => clock(s.at), width: 140 },
            { id: "what", header: "Step", cell: (s) => s.what, isRowHeader: true },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}
