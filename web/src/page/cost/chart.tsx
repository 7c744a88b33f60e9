import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import type { CostAnswer } from "../../api/client";
import { type Amount, money, sum } from "../../part/format";

const most = 8;

const unitOf = (r: Amount): string => r.currency ?? r.unit ?? "";

// CostChart draws the largest groups and, as one, the others. Bars are drawn of numbers; everything that is read is exact text.
export function CostChart({ answer }: { answer: CostAnswer }) {
  const currencies = [...new Set(answer.rows.map(unitOf))];
  if (answer.rows.length === 0) return <Box color="text-body-secondary">Nothing to draw: no bill of this time has come in.</Box>;
  return (
    <>
      {currencies.map((c) => (
        <OneCurrency key={c} answer={answer} currency={c} />
      ))}
    </>
  );
}

function OneCurrency({ answer, currency }: { answer: CostAnswer; currency: string }) {
  const rows = answer.rows.filter((r) => unitOf(r) === currency);
  const starts = [...new Set(rows.map((r) => r.start))].sort();
  const label = (start: string) => (answer.granularity === "monthly" ? start.slice(0, 7) : answer.granularity === "total" ? `${answer.from} to ${answer.to}` : start);
  const nameOf = (r: (typeof rows)[number]) => answer.group_by.map((g) => r.groups?.[g] || "–").join(", ") || "Total";
  const byName = new Map<string, string[]>();
  for (const r of rows) byName.set(nameOf(r), [...(byName.get(nameOf(r)) ?? []), r.amount]);
  const names = [...byName].map(([name, amounts]) => ({ name, total: Number(sum(amounts)) })).sort((a, b) => b.total - a.total);
  const drawn = names.slice(0, most).map((n) => n.name);
  const amountOf = (name: string | null, start: string) =>
    sum(rows.filter((r) => r.start === start && (name === null ? !drawn.includes(nameOf(r)) : nameOf(r) === name)).map((r) => r.amount));
  const series = [...drawn, ...(names.length > most ? [null] : [])].map((name) => ({
    title: name ?? `${names.length - most} others`,
    type: "bar" as const,
    data: starts.map((s) => ({ x: label(s), y: Number(amountOf(name, s)) })),
    valueFormatter: (v: number) => money(v.toFixed(2), currency),
  }));
  return (
    <BarChart
      series={series}
      stackedBars
      hideFilter
      height={280}
      xScaleType="categorical"
      xTitle={answer.granularity === "daily" ? "Day" : "Month"}
      yTitle={`Cost in ${currency}`}
      yTickFormatter={(v) => money(v.toFixed(0), currency).replace(/\.00$/, "")}
      ariaLabel={`Cost by ${answer.group_by.join(" and ") || "time"} in ${currency}; the table below has every number`}
      empty="No cost"
    />
  );
}
