import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import MixedLineBarChart, { type MixedLineBarChartProps } from "@cloudscape-design/components/mixed-line-bar-chart";
import { memo } from "react";
import type { CostAnswer } from "../../api/client";
import { Place } from "../../part/place";
import { amount, type Amount, exact, grouped, sum } from "../../part/format";
import type { Line } from "./series";
import { timeLabel, timesOf } from "./series";

export interface Doors {
  narrower: (l: Line) => string; // the address of what a group is made of
  items: (l: Line | null, start: string) => void;
}

interface Props extends Doors {
  answer: CostAnswer;
  lines: Line[];
  kind: "bar" | "line";
}

// mostLines is how many groups a chart can tell apart. Others are summed in it: the table has them all.
const mostLines = 12;

// CostChart draws a chart for each currency: amounts of two are never in one. Bars are drawn of numbers; what is read is exact text.
export const CostChart = memo(function CostChart(p: Props) {
  const units = [...new Set(p.lines.map((l) => l.unit))];
  if (units.length === 0) return <Box color="text-body-secondary">Nothing to draw: no bill of this time has such costs.</Box>;
  return (
    <>
      {units.map((u) => (
        <OneUnit key={u} {...p} unit={u} named={units.length > 1} lines={p.lines.filter((l) => l.unit === u)} />
      ))}
    </>
  );
});

type Series = MixedLineBarChartProps.BarDataSeries<string> | MixedLineBarChartProps.LineDataSeries<string>;

function OneUnit({ answer, lines, unit, kind, named, narrower, items }: Props & { unit: string; named: boolean }) {
  const times = timesOf(answer);
  const labels = new Map(times.map((t) => [timeLabel(t, answer), t]));
  const drawn = few(lines);
  const byTitle = new Map(drawn.map((l) => [l.name, l]));
  const usage = answer.metric === "usage";
  const of = (a: string): Amount => (usage ? { amount: a, unit } : { amount: a, currency: unit });
  const series: Series[] = drawn.map((l) => ({
    title: l.name,
    type: times.length > mostBars ? "line" : kind,
    data: times.map((t) => ({ x: timeLabel(t, answer), y: Number(l.amounts.get(t) ?? "0") })),
    ...(l.groups === null ? { color: "#7d8998" } : {}),
  }));
  const before = answer.previous ? earlier(answer, unit) : null;
  if (before) series.push({ title: "The time before, all of it", type: "line", color: "#656871", data: times.map((t) => ({ x: timeLabel(t, answer), y: Number(before.get(t) ?? "0") })) });
  const amountAt = (title: string, x: string) => (byTitle.get(title)?.amounts ?? before)?.get(labels.get(x) ?? "") ?? "0";
  return (
    <>
      {named && <Header variant="h3">{unit}</Header>}
      <MixedLineBarChart
        series={series}
        stackedBars
        hideFilter
        height={300}
        xScaleType="categorical"
        xDomain={times.map((t) => timeLabel(t, answer))}
        xTitle={{ monthly: "Month", daily: "Day", hourly: "Hour" }[answer.granularity as string] ?? "Time"}
        yTitle={`${usage ? "Usage" : "Cost"} in ${unit || "no unit"}`}
        i18nStrings={{ yTickFormatter: (v) => short(v, usage ? "" : unit) }}
        ariaLabel={`Cost by ${answer.group_by.join(" and ") || "time"} in ${unit}; the table below has every number`}
        empty="No cost"
        detailPopoverSize="large"
        detailPopoverSeriesContent={({ series: s, x }) => {
          const line = byTitle.get(s.title);
          const a = of(amountAt(s.title, x));
          return {
            key: line?.groups && Object.keys(line.groups).length > 0 ? <Place to={narrower(line)}>{s.title}</Place> : s.title,
            value: <span title={exact(a)}>{amount(a)}</span>,
          };
        }}
        detailPopoverFooter={(x) => (
          <Button variant="inline-link" onClick={() => items(null, labels.get(x) ?? "")}>
            {answer.granularity === "hourly" ? "Line items of this day" : "Line items of this time"}
          </Button>
        )}
      />
    </>
  );
}

// mostBars is how many times can be told apart as bars; more are drawn as lines.
const mostBars = 92;

// few sums what a chart has no room for.
function few(lines: Line[]): Line[] {
  if (lines.length <= mostLines) return lines;
  const rest = lines.slice(mostLines - 1);
  const amounts = new Map<string, string[]>();
  for (const l of rest) for (const [t, a] of l.amounts) amounts.set(t, [...(amounts.get(t) ?? []), a]);
  const others: Line = {
    name: `${rest.reduce((n, l) => n + Math.max(1, l.rest), 0)} others`, groups: null, rest: rest.length, unit: rest[0]?.unit ?? "",
    amounts: new Map([...amounts].map(([t, a]) => [t, sum(a)])), total: sum(rest.map((l) => l.total)), before: sum(rest.map((l) => l.before)),
  };
  return [...lines.slice(0, mostLines - 1), others];
}

function earlier(answer: CostAnswer, unit: string): Map<string, string> {
  const all = new Map<string, string[]>();
  for (const r of answer.rows) if ((r.currency ?? r.unit ?? "") === unit && r.previous) all.set(r.start, [...(all.get(r.start) ?? []), r.previous]);
  return new Map([...all].map(([t, a]) => [t, sum(a)]));
}

// short is a number of an axis, where there is little room.
function short(v: number, currency: string): string {
  const [n, letter] = Math.abs(v) >= 1e9 ? [v / 1e9, "B"] : Math.abs(v) >= 1e6 ? [v / 1e6, "M"] : Math.abs(v) >= 1e4 ? [v / 1e3, "K"] : [v, ""];
  const text = grouped(n.toFixed(4), Math.abs(n) >= 10 || Number.isInteger(n) ? 0 : Math.abs(n) >= 0.1 || n === 0 ? 1 : 4) + letter;
  return currency === "USD" ? (text.startsWith("-") ? `-$${text.slice(1)}` : `$${text}`) : text;
}
