import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { exact } from "../../part/format";
import type { Asking } from "./asking";
import type { Source } from "./words";

type Line = Schemas["Line"];

const causes: Record<Line["cause"], [StatusIndicatorProps.Type, string]> = {
  equal: ["success", "Equal"],
  rounding: ["success", "Less than a cent apart"],
  bill_missing: ["pending", "No bill yet"],
  estimated: ["pending", "Still estimated"],
  accounts: ["warning", "Different accounts"],
  counting: ["warning", "Counted differently"],
  bill_newer: ["warning", "The bill is newer"],
  cost_explorer_newer: ["warning", "Cost Explorer is newer"],
};

const metrics: Record<Line["metric"], string> = { unblended: "Unblended", amortized: "Amortized", net_unblended: "Net unblended" };

// Compare holds each closed month against the bill, and asks again for a month that changed late.
export function Compare({ of: s, asking }: { of: Source; asking: Asking }) {
  const may = useMay();
  const [month, setMonth] = useState("");
  const lines = useQuery({ queryKey: ["reconciliation", s.id], queryFn: () => answer(api.GET("/api/v1/sources/{source}/reconciliation", { params: { path: { source: s.id } } })) });
  const items = lines.data?.items ?? [];
  const firsts = new Set(items.filter((l, i) => items.findIndex((x) => x.period === l.period) === i));
  const amount = (l: Line, of: string) => <span style={{ fontVariantNumeric: "tabular-nums" }}>{exact({ amount: of, currency: l.currency })}</span>;
  return (
    <>
      <Failure error={lines.error} retry={() => void lines.refetch()} />
      <Table
        header={<Header variant="h2" description="Months that are over, in all digits. AWS is not asked for it.">The bill and Cost Explorer</Header>}
        loading={lines.isPending}
        loadingText="Reading the comparison…"
        empty="No month that is over is held of costs by month."
        wrapLines
        items={items}
        columnDefinitions={[
          { id: "month", header: "Month", cell: (l) => l.period, isRowHeader: true, minWidth: 90 },
          { id: "metric", header: "Counted", cell: (l) => metrics[l.metric], minWidth: 110 },
          { id: "bill", header: "Bill", cell: (l) => (l.cause === "bill_missing" ? "none" : amount(l, l.bill)), minWidth: 120 },
          { id: "ce", header: "Cost Explorer", cell: (l) => amount(l, l.cost_explorer), minWidth: 150 },
          { id: "difference", header: "Difference", cell: (l) => (l.cause === "bill_missing" ? "–" : amount(l, l.difference)), minWidth: 130 },
          { id: "cause", header: "Likely cause", cell: (l) => <Cause of={l} />, minWidth: 230 },
          ...(may("bills:manage")
            ? [{ id: "reopen", header: "Ask again", minWidth: 150, cell: (l: Line) => (firsts.has(l) ? <Button ariaLabel={`Reopen ${l.period}`} disabled={asking.busy} onClick={() => setMonth(l.period)}>Reopen</Button> : "") }]
            : []),
        ]}
      />
      {month && (
        <Confirm
          title={`Ask for ${month} again?`}
          does="Reopen and run"
          busy={asking.busy}
          error={null}
          leave={() => setMonth("")}
          go={() => {
            setMonth("");
            void asking.start(() => answer(api.POST("/api/v1/sources/{source}/reopen", { params: { path: { source: s.id } }, body: { period: month } })));
          }}
        >
          <Box>For late tax and credits: a run begins that asks for the month although it is closed. A page of an answer costs $0.01, within the budget. What is held stays until the answer is whole.</Box>
        </Confirm>
      )}
    </>
  );
}

function Cause({ of: l }: { of: Line }) {
  const [type, words] = causes[l.cause];
  return (
    <>
      <StatusIndicator type={type}>{words}</StatusIndicator>
      <Box variant="small" display="block">
        {l.explanation}
      </Box>
      {l.accounts?.length ? (
        <ExpandableSection headerText={`${l.accounts.length} accounts differ`} variant="inline">
          {l.accounts.map((a) => (
            <Box key={a.account_id}>{`${a.account_id}: the bill ${a.bill}, Cost Explorer ${a.cost_explorer}`}</Box>
          ))}
        </ExpandableSection>
      ) : null}
    </>
  );
}
