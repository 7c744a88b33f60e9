import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client";
import { Failure } from "../../part/failure";
import { count, money, sum } from "../../part/format";
import { requests } from "./words";

type Spent = Schemas["RequestSpend"];

const days = 30;

// lastDays are the days that the chart has room for, today's last.
const lastDays = (now = Date.now()): string[] => Array.from({ length: days }, (_, i) => new Date(now - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10));

// Spend draws what was spent by day and operation. Bars are drawn of numbers; what is read is exact text.
export function Spend({ source }: { source?: string }) {
  const spend = useQuery({ queryKey: ["spend", source ?? ""], queryFn: () => answer(api.GET("/api/v1/requests/spend", { params: { query: { source, days } } })), refetchInterval: 15_000 });
  if (spend.error) return <Failure error={spend.error} retry={() => void spend.refetch()} />;
  if (!spend.data) return <Box>Reading what was spent…</Box>;
  const items = spend.data.items ?? [];
  const all = lastDays();
  const operations = [...new Set(items.map((i) => i.operation))].sort();
  const at = (operation: string, day: string): Spent | undefined => items.find((i) => i.operation === operation && i.day === day);
  return (
    <SpaceBetween size="s">
      <Box>{summed(items)}</Box>
      <BarChart
        series={operations.map((title) => ({ title, type: "bar", data: all.map((x) => ({ x, y: Number(at(title, x)?.usd ?? "0") })) }))}
        stackedBars
        hideFilter
        height={200}
        xScaleType="categorical"
        xDomain={all}
        xTitle="Day, UTC"
        yTitle="US dollars"
        i18nStrings={{ yTickFormatter: (v) => `$${v.toFixed(4).replace(/0{1,2}$/, "")}`, xTickFormatter: (x) => x.slice(5) }}
        ariaLabel="Spent on requests by day and operation; the ledger below has every request"
        empty="Nothing was spent in the last 30 days."
        detailPopoverSeriesContent={({ series, x }) => {
          const s = at(series.title, x);
          return { key: series.title, value: s ? `${money(s.usd, "USD")}, ${requests(s.requests)}` : money("0", "USD") };
        }}
      />
    </SpaceBetween>
  );
}

function summed(items: Spent[]): string {
  const total = (of: (s: Spent) => number) => items.reduce((n, s) => n + of(s), 0);
  const cached = total((s) => s.cached);
  const failed = total((s) => s.failed);
  return [
    `The last ${days} days: ${money(sum(items.map((s) => s.usd)) || "0", "USD")} for ${requests(total((s) => s.requests))}.`,
    failed ? `${count(failed)} of them failed, and were free.` : "",
    cached ? `${count(cached)} more did not have to be sent: what they ask had been paid for.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}
