import type { CostAnswer } from "../../api/client";
import { compare, sum } from "../../part/format";

export type Row = CostAnswer["rows"][number];

// Line is one group over the whole time, in one currency or unit. Every amount is exact text.
export interface Line {
  name: string;
  groups: Record<string, string> | null; // null: others, summed
  rest: number;
  unit: string;
  amounts: Map<string, string>; // by time
  total: string;
  before: string; // of the time before
}

export const unitOf = (r: { currency?: string; unit?: string }): string => r.currency ?? r.unit ?? "";

const blank = "No value";

// nameOf is what people call a group.
export function nameOf(r: { groups?: Record<string, string> | null; rest?: number }, groupBy: string[], named: (dimension: string, value: string) => string): string {
  if (r.rest) return `${r.rest} others`;
  if (groupBy.length === 0) return "All costs";
  return groupBy.map((g) => named(g, r.groups?.[g] ?? "") || blank).join(" · ");
}

// linesOf gathers rows by group, the largest first, others last: apart for each currency.
export function linesOf(a: CostAnswer, named: (dimension: string, value: string) => string): Line[] {
  const lines = new Map<string, Line & { all: string[]; earlier: string[] }>();
  for (const r of a.rows) {
    const key = JSON.stringify([unitOf(r), r.rest ? null : a.group_by.map((g) => r.groups?.[g] ?? "")]);
    let l = lines.get(key);
    if (!l) {
      l = { name: "", groups: r.rest ? null : (r.groups ?? {}), rest: 0, unit: unitOf(r), amounts: new Map(), total: "0", before: "0", all: [], earlier: [] };
      lines.set(key, l);
    }
    l.rest = Math.max(l.rest, r.rest ?? 0);
    l.amounts.set(r.start, r.amount);
    l.all.push(r.amount);
    if (r.previous) l.earlier.push(r.previous);
  }
  const out = [...lines.values()].map(({ all, earlier, ...l }) => ({ ...l, name: nameOf(l, a.group_by, named), total: sum(all), before: sum(earlier) }));
  return out.sort((x, y) => x.unit.localeCompare(y.unit) || x.rest - y.rest || compare(y.total, x.total) || x.name.localeCompare(y.name));
}

export const timesOf = (a: CostAnswer): string[] => [...new Set(a.rows.map((r) => r.start))].sort();

// timeLabel is as long as the granularity wants.
export function timeLabel(start: string, a: Pick<CostAnswer, "granularity" | "from" | "to">): string {
  switch (a.granularity) {
    case "monthly":
      return start.slice(0, 7);
    case "hourly":
      return `${start.slice(0, 10)} ${start.slice(11, 16)}`;
    case "total":
      return "The whole time";
  }
  return start;
}
