import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Run } from "../../api/client";
import { Failure } from "../../part/failure";
import { count, when } from "../../part/format";
import { Place } from "../../part/place";
import { Status } from "../../part/status";
import type { Asking } from "./asking";
import { type Source, type StreamStatus, streamName } from "./words";

// Going shows how far a run has come, and how it ended.
export function Going({ of: asking }: { of: Asking }) {
  const run = asking.run;
  if (asking.error) return <Failure error={asking.error} />;
  if (!run) return null;
  return (
    <Container header={<Header variant="h2" actions={<Place to={`/runs/${run.id}`}>The run</Place>}>{asking.busy ? "It asks now" : "The run has ended"}</Header>}>
      <div role="status">
        <SpaceBetween size="s">
          {asking.busy ? <Progress of={run} /> : <span><Status of={run.state} /> {run.progress.step}</span>}
          {run.error && (
            <Alert type={run.state === "partial" ? "warning" : "error"} header={run.error.message}>
              {run.error.hint}
            </Alert>
          )}
        </SpaceBetween>
      </div>
    </Container>
  );
}

function Progress({ of: run }: { of: Run }) {
  const { done = 0, total = 0, step } = run.progress;
  return <ProgressBar value={total ? (100 * done) / total : 0} description={step ? streamName(step) : "waits for a free worker"} additionalInfo={total ? `${done} of ${total} streams` : undefined} ariaLabel="How far the run has come" />;
}

// Standing shows each stream: how it stood when it was asked last, and how old its data is.
export function Standing({ of: s }: { of: Source }) {
  return (
    <Table
      header={<Header variant="h2" description="Whatever a stream's state is, its last good data stays.">Streams</Header>}
      wrapLines
      items={s.status ?? []}
      trackBy="name"
      empty="It asks for nothing."
      columnDefinitions={[
        { id: "name", header: "Stream", cell: (x) => <Named of={x} source={s} />, isRowHeader: true, minWidth: 170 },
        { id: "state", header: "State", cell: (x) => <Status of={x.state} />, minWidth: 140 },
        { id: "why", header: "Why, and what to do", cell: (x) => <Why of={x} />, minWidth: 220 },
        { id: "age", header: "Data as of", cell: (x) => when(x.ok_at), minWidth: 150 },
        { id: "held", header: "Held", cell: held, minWidth: 150 },
        { id: "requests", header: "Requests in the last run", cell: (x) => count(x.requests), minWidth: 110 },
      ]}
    />
  );
}

function Named({ of: x, source }: { of: StreamStatus; source: Source }) {
  const by = source.streams?.find((s) => s.name === x.name)?.group_by;
  return (
    <>
      {streamName(x.name)}
      {by?.length ? <Box variant="small" display="block">{`by ${by.join(" and ")}`}</Box> : null}
    </>
  );
}

// held says what is kept of a stream.
function held(x: StreamStatus): string {
  if (!x.rows) return "nothing";
  const months = x.first ? `, ${x.first === x.last ? x.first : `${x.first} to ${x.last}`}` : "";
  return `${count(x.rows)} rows${months}${x.estimated ? "; AWS may still change some" : ""}`;
}

function Why({ of: x }: { of: StreamStatus }) {
  if (!x.message && !x.clamped) return <>–</>;
  return (
    <>
      {x.message && <Box>{x.message}</Box>}
      {x.hint && <Box variant="small">{x.hint}</Box>}
      {x.clamped && <Box variant="small">AWS gives nothing from before {x.clamped}.</Box>}
    </>
  );
}
