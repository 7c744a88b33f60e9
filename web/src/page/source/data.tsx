import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client";
import { Failure } from "../../part/failure";
import { addMonths, count, when } from "../../part/format";
import { type Source, type StreamStatus, streamName } from "./words";

type Column = Schemas["Column"];

// Data shows what is held of a stream, with all digits.
export function Data({ of: s }: { of: Source }) {
  const held = s.status?.filter((x) => x.rows > 0) ?? [];
  const [stream, setStream] = useState(held[0]?.name ?? "");
  const [time, setTime] = useState({ from: "", to: "" });
  const options = held.map((x) => ({ value: x.name, label: streamName(x.name) }));
  const chosen = held.find((x) => x.name === stream) ?? held[0];
  if (!chosen) return <Box color="text-body-secondary">Nothing is held yet. Run it once.</Box>;
  const months = monthsOf(chosen);
  return (
    <SpaceBetween size="m">
      <ColumnLayout columns={3}>
        <FormField label="Stream">
          <Select
            selectedOption={options.find((o) => o.value === chosen.name) ?? null}
            options={options}
            onChange={({ detail }) => {
              setStream(detail.selectedOption.value ?? "");
              setTime({ from: "", to: "" });
            }}
          />
        </FormField>
        {months.length > 1 && <Month label="From" none={`The first one (${months[0]})`} months={months} value={time.from} change={(from) => setTime({ ...time, from })} />}
        {months.length > 1 && <Month label="To" none={`The last one (${months.at(-1)})`} months={months} value={time.to} change={(to) => setTime({ ...time, to })} />}
      </ColumnLayout>
      <Rows source={s.id} stream={chosen.name} from={time.from} to={time.to} asOf={chosen.ok_at ?? ""} />
    </SpaceBetween>
  );
}

function monthsOf(x: StreamStatus): string[] {
  const out: string[] = [];
  for (let m = x.first ?? ""; m !== "" && m <= (x.last ?? "") && out.length < 60; m = addMonths(m, 1)) out.push(m);
  return out;
}

function Month({ label, none, months, value, change }: { label: string; none: string; months: string[]; value: string; change: (m: string) => void }) {
  const options = [{ value: "", label: none }, ...months.map((m) => ({ value: m, label: m }))];
  return (
    <FormField label={label}>
      <Select selectedOption={options.find((o) => o.value === value) ?? null} options={options} onChange={({ detail }) => change(detail.selectedOption.value ?? "")} />
    </FormField>
  );
}

function Rows({ source, stream, from, to, asOf }: { source: string; stream: string; from: string; to: string; asOf: string }) {
  const data = useInfiniteQuery({
    queryKey: ["source-data", source, stream, from, to, asOf],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/v1/sources/{source}/data/{stream}", { params: { path: { source, stream }, query: { from: from || undefined, to: to || undefined, limit: 100, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
  const first = data.data?.pages[0];
  const rows = data.data?.pages.flatMap((p) => p.rows ?? []) ?? [];
  return (
    <Table
      header={
        <Header variant="h2" counter={`(${count(rows.length)}${data.hasNextPage ? "+" : ""})`} description={first ? described(first) : undefined}>
          {streamName(stream)}
        </Header>
      }
      loading={data.isPending}
      loadingText="Reading the data…"
      empty="There is nothing in this time."
      items={rows}
      columnDefinitions={columnsOf(first?.columns ?? [], rows)}
      footer={
        <SpaceBetween size="s">
          <Failure error={data.error} retry={() => void data.refetch()} />
          {data.hasNextPage && (
            <Button loading={data.isFetchingNextPage} onClick={() => void data.fetchNextPage()}>
              Show more
            </Button>
          )}
        </SpaceBetween>
      }
    />
  );
}

// described says how old the data is, and which months may still change.
function described(p: Schemas["SourceData"]): string {
  const open = (p.months ?? []).filter((m) => m.estimated && m.period).map((m) => m.period);
  return `As of ${when(p.stream.ok_at)}. ${open.length ? `AWS may still change ${open.join(", ")}.` : "Nothing of it is estimated."}`;
}

// Columns that say the same in every row, or how a row came here.
const hidden = /^(group\d_(type|key)|granularity|account_id|fetched_at|run_id|query_hash|source)$/;

// What rows of costs tell twice: their period is known by its start, and the linked account is what they are grouped by.
const twice = /^(period_end|linked_account_id)$/;

// columnsOf leaves out columns without a value, and names those of a grouping by what they are grouped by.
function columnsOf(columns: Column[], rows: string[][]) {
  const named = (c: Column) => {
    const key = /^group\d_value$/.test(c.name) ? columns.findIndex((x) => x.name === c.name.replace("value", "key")) : -1;
    return (key >= 0 && rows[0]?.[key]) || c.name.charAt(0).toUpperCase() + c.name.slice(1).replaceAll("_", " ");
  };
  const grouped = columns.some((c) => c.name === "group1_key");
  return columns
    .map((c, at) => ({ c, at }))
    .filter(({ c, at }) => !hidden.test(c.name) && !(grouped && twice.test(c.name)) && rows.some((r) => r[at]))
    .map(({ c, at }) => ({ id: c.name, header: named(c), isRowHeader: at === 0, cell: (r: string[]) => cell(c, r[at] ?? "") }));
}

function cell(c: Column, text: string) {
  if (c.type === "decimal") return <span style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>{text || "–"}</span>;
  if (c.name === "estimated") return text === "true" ? "yes: it may still change" : "no";
  if (c.type === "bool") return text === "true" ? "yes" : text === "false" ? "no" : "–";
  if (c.type === "time") return text.endsWith("T00:00:00Z") ? text.slice(0, 10) : when(text);
  return text || "–";
}
