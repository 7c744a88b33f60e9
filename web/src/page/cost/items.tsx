import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useNavigate, useSearchParams } from "react-router";
import type { Schemas } from "../../api/client";
import { exportItems, type Selection, useDimensions, useItems } from "../../api/cost";
import { Money } from "../../part/amount";
import { useExport } from "../../part/export";
import { Failure } from "../../part/failure";
import { count } from "../../part/format";
import { useNames } from "../../part/names";
import { useHelp } from "../../shell/help";
import { Filters } from "./filters";
import { writeView, readView } from "./question";
import { unitOf } from "./series";
import { dimensionOptions, labelOf } from "./words";

type Items = Schemas["CostItems"];

const others = ["billing_period", "day", "hour", "currency", "unit", "ChargeDescription", "line_item_usage_end_date", "identity_line_item_id", "pricing_public_on_demand_rate"];

// Component lists the line items behind a cost: the page is its address.
export function Component() {
  const [params, setParams] = useSearchParams();
  const go = useNavigate();
  const named = useNames();
  const selection: Selection = { from: params.get("from") ?? undefined, to: params.get("to") ?? undefined, metric: params.get("metric") ?? "unblended", filter: params.getAll("filter") };
  const chosen = (params.get("columns") ?? "").split(",").filter(Boolean);
  const items = useItems(selection, chosen);
  const known = useDimensions(selection.from, selection.to);
  const file = useExport((format) => exportItems(selection, chosen, format), !items.data);
  useHelp("Line items", <p>Each row is a line of the bill, as AWS delivered it; those that cost most come first. An export has all of them, with the columns that are chosen here.</p>);
  const pages = items.data?.pages ?? [];
  const first = pages[0];
  const change = (next: { filter?: string[]; columns?: string[] }) =>
    setParams((now) => {
      const p = new URLSearchParams(now);
      if (next.filter) {
        p.delete("filter");
        for (const f of next.filter) p.append("filter", f);
      }
      if (next.columns) p.set("columns", next.columns.join(","));
      if (p.get("columns") === "") p.delete("columns");
      return p;
    });
  const back = () => void go(`/costs?${writeView({ ...readView(new URLSearchParams()), ...selection, metric: selection.metric, filter: selection.filter ?? [] })}`);
  const rows = pages.flatMap((p) => p.rows);
  return (
    <ContentLayout header={<Header variant="h1" description={first && `${first.from} to ${first.to}, the last day left out`} actions={<Button onClick={back}>Group these costs</Button>}>Line items</Header>}>
      <SpaceBetween size="l">
        <Container>
          <SpaceBetween size="m">
            <Filters view={{ ...selection, filter: selection.filter ?? [] }} ask={(c) => c.filter && change({ filter: c.filter })} known={known.data} />
            <FormField label="Columns" description="None chosen are the usual ones. Every column that AWS delivered is to be had in SQL.">
              <Multiselect
                selectedOptions={chosen.map((c) => ({ value: c, label: labelOf(c) }))}
                options={[...dimensionOptions(known.data), { label: "Amounts", options: (known.data?.metrics ?? []).map((m) => ({ value: m.name, label: labelOf(m.name), description: m.doc })) }, { label: "Of the line", options: others.map((c) => ({ value: c, label: labelOf(c) })) }]}
                filteringType="auto"
                filteringAriaLabel="Find a column"
                placeholder="The usual columns"
                deselectAriaLabel={(o) => `Leave out ${o.label ?? ""}`}
                onChange={({ detail }) => change({ columns: detail.selectedOptions.map((o) => o.value ?? "") })}
              />
            </FormField>
          </SpaceBetween>
        </Container>
        <Failure error={items.error} retry={() => void items.refetch()} />
        {file.failure}
        {(first?.notes ?? []).map((n) => (
          <Alert key={n.message}>{n.message}</Alert>
        ))}
        <Table
          header={
            <Header variant="h2" counter={first ? `(${count(first.count)})` : undefined} description={<Sums of={first} />} actions={file.button}>
              Line items
            </Header>
          }
          items={rows}
          columnDefinitions={columnsOf(first, selection.metric, named)}
          loading={items.isPending}
          loadingText="Reading line items…"
          empty="No line item is behind this."
          contentDensity="compact"
          resizableColumns
          enableKeyboardNavigation
          footer={
            items.hasNextPage && (
              <Box textAlign="center">
                <Button loading={items.isFetchingNextPage} loadingText="Reading more" onClick={() => void items.fetchNextPage()}>
                  {`Show more of ${count(first?.count ?? 0)}`}
                </Button>
              </Box>
            )
          }
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

const Sums = ({ of }: { of: Items | undefined }) => (
  <>
    {(of?.totals ?? []).map((t, i) => (
      <span key={unitOf(t)}>
        {i > 0 ? ", " : "Together "}
        <Money of={t} />
      </span>
    ))}
  </>
);

function columnsOf(items: Items | undefined, metric: string, named: (d: string, v: string) => string): TableProps.ColumnDefinition<unknown[]>[] {
  const at = (name: string) => items?.columns.findIndex((c) => c.name === name) ?? -1;
  const currency = at("currency");
  return (items?.columns ?? []).map((c, i) => ({
    id: c.name,
    header: labelOf(c.name),
    isRowHeader: i === 0,
    width: c.name === "ChargeDescription" || c.name === "resource" ? 320 : c.type === "text" ? 170 : 130,
    cell: (row) => {
      const v = row[i];
      if (v === null || v === undefined) return "–";
      if (c.name === metric && currency >= 0 && typeof v === "string") return <Money of={{ amount: v, currency: String(row[currency]) }} />;
      return named(c.name, String(v));
    },
  }));
}
