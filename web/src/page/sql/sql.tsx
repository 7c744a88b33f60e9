import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import Textarea, { type TextareaProps } from "@cloudscape-design/components/textarea";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { answer, api, type Schemas } from "../../api/client";
import { download, type Format } from "../../api/cost";
import { Problem } from "../../api/problem";
import { useExport } from "../../part/export";
import { Failure } from "../../part/failure";
import { count } from "../../part/format";
import { useHelp } from "../../shell/help";
import { drawable, SQLChart } from "./chart";
import { useViews, Views } from "./views";

const first = "SELECT strftime(day, '%Y-%m') AS month, service, sum(unblended) AS amount\nFROM costs_daily\nGROUP BY ALL\nORDER BY month, amount DESC";
const mostRows = 1000;

// The statement is part of the page's address: it can be shared.
export function Component() {
  const [params, setParams] = useSearchParams();
  const [sql, setSQL] = useState(params.get("sql") ?? first);
  const field = useRef<TextareaProps.Ref>(null);
  const stopper = useRef<AbortController | null>(null);
  const views = useViews();
  const ask = useMutation({
    mutationFn: () => {
      stopper.current = new AbortController();
      return answer(api.POST("/api/v1/sql", { body: { sql, limit: mostRows }, signal: stopper.current.signal }));
    },
  });
  const file = useExport((format: Format) =>
    download("/api/v1/sql/export", `answer.${format}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sql, format }) }),
  );
  useHelp("SQL", <p>One SELECT in DuckDB's dialect, over the views beside it. Nothing can be changed. The address of this page holds the statement and how its answer is shown.</p>);
  const run = () => {
    setParams((p) => ({ ...Object.fromEntries(p), sql }), { replace: true });
    ask.mutate();
  };
  const put = (text: string) => setSQL((s) => `${s}${/\s$/.test(s) || s === "" ? "" : " "}${text}`);
  const stopped = ask.isError && stopper.current?.signal.aborted;
  return (
    <ContentLayout header={<Header variant="h1" description="Read-only, over the published bills of this workspace.">SQL</Header>}>
      <SpaceBetween size="l">
        <Grid gridDefinition={[{ colspan: { default: 12, xs: 8 } }, { colspan: { default: 12, xs: 4 } }]}>
          <Container fitHeight>
            <SpaceBetween size="s">
              <FormField label="Statement" description={`One SELECT. Ctrl+Enter runs it.${views.data ? ` It may take ${views.data.seconds} seconds.` : ""}`} errorText={ask.error && !stopped ? where(ask.error) : undefined} stretch>
                <Textarea
                  ref={field}
                  value={sql}
                  rows={12}
                  spellcheck={false}
                  onChange={({ detail }) => setSQL(detail.value)}
                  onKeyDown={({ detail }) => (detail.ctrlKey || detail.metaKey) && detail.key === "Enter" && run()}
                />
              </FormField>
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="primary" loading={ask.isPending} loadingText="Running" onClick={run}>
                  Run
                </Button>
                {ask.isPending && <Button onClick={() => stopper.current?.abort()}>Stop</Button>}
                {file.button}
              </SpaceBetween>
            </SpaceBetween>
          </Container>
          <Views views={views.data?.views} put={put} />
        </Grid>
        {!stopped && ask.error && <Failure error={ask.error} />}
        {stopped && <Box>Stopped.</Box>}
        {file.failure}
        {ask.data && <Answer answer={ask.data} shown={params.get("show") === "chart" ? "chart" : "table"} show={(s) => setParams((p) => ({ ...Object.fromEntries(p), show: s }), { replace: true })} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

// where says at which place of the statement the mistake is, and shows the line with a mark under it.
function where(error: unknown) {
  if (!(error instanceof Problem) || !error.line) return undefined;
  return `Line ${error.line}, column ${error.column}: ${error.message.split("\n")[0]}`;
}

type SQLAnswer = Schemas["SQLAnswer"];

function Answer({ answer, shown, show }: { answer: SQLAnswer; shown: "table" | "chart"; show: (s: "table" | "chart") => void }) {
  const chart = drawable(answer);
  const choice = (
    <SegmentedControl
      label="Show as"
      selectedId={shown}
      options={[
        { id: "table", text: "Table" },
        { id: "chart", text: "Chart", disabled: !chart, disabledReason: "A chart needs a column of numbers, and one before it to draw them by" },
      ]}
      onChange={({ detail }) => show(detail.selectedId === "chart" ? "chart" : "table")}
    />
  );
  const header = (
    <Header variant="h2" counter={`(${count(answer.rows.length)}${answer.more ? "+" : ""})`} description={answer.more ? `There are more rows: these are the first ${count(mostRows)}. An export has all of them.` : undefined} actions={choice}>
      Rows
    </Header>
  );
  if (shown === "chart" && chart) {
    return (
      <Container header={header}>
        <SQLChart answer={answer} axes={chart} />
      </Container>
    );
  }
  return (
    <Table
      header={header}
      items={answer.rows}
      columnDefinitions={answer.columns.map((c, i) => ({ id: `${i}-${c.name}`, header: c.name, cell: (row: unknown[]) => text(row[i]), isRowHeader: i === 0 }))}
      empty="The statement gives no row."
      contentDensity="compact"
      resizableColumns
      enableKeyboardNavigation
    />
  );
}

const text = (v: unknown): string => (v === null || v === undefined ? "NULL" : typeof v === "object" ? JSON.stringify(v) : String(v));
