import type { Question, Selection } from "../../api/cost";
import { addMonths } from "../../part/format";

// View is a question, and how its answer is drawn. It is the page's address: it can be shared, and restores the page.
export interface View extends Required<Omit<Question, "from" | "to">> {
  from?: string;
  to?: string;
  chart: "bar" | "line";
}

const mostDrawn = 10;

// readView reads an address. What it does not say is what people look for first.
export function readView(p: URLSearchParams): View {
  const top = Number.parseInt(p.get("top") ?? "", 10);
  const granularity = p.get("granularity") ?? "monthly";
  return {
    group_by: p.get("group_by") ?? "service",
    granularity,
    from: p.get("from") ?? undefined,
    to: p.get("to") ?? undefined,
    metric: p.get("metric") ?? "unblended",
    filter: p.getAll("filter"),
    compare: p.get("compare") === "previous",
    top: top >= 0 ? top : mostDrawn,
    chart: (p.get("chart") ?? (granularity === "hourly" ? "line" : "bar")) === "line" ? "line" : "bar",
  };
}

// writeView writes an address that says what is not as usual.
export function writeView(v: View): URLSearchParams {
  const p = new URLSearchParams();
  if (v.group_by !== "service") p.set("group_by", v.group_by);
  if (v.granularity !== "monthly") p.set("granularity", v.granularity);
  if (v.from) p.set("from", v.from);
  if (v.to) p.set("to", v.to);
  if (v.metric !== "unblended") p.set("metric", v.metric);
  for (const f of v.filter) p.append("filter", f);
  if (v.compare) p.set("compare", "previous");
  if (v.top !== mostDrawn) p.set("top", String(v.top));
  if (v.chart !== (v.granularity === "hourly" ? "line" : "bar")) p.set("chart", v.chart);
  return p;
}

export const questionOf = ({ chart: _, ...q }: View): Question => q;

export const groupsOf = (v: { group_by: string }): string[] => v.group_by.split(",").filter(Boolean);

// writeItems is the address of the line items behind a cost.
export function writeItems(s: Selection): string {
  const p = new URLSearchParams();
  if (s.from) p.set("from", s.from);
  if (s.to) p.set("to", s.to);
  if (s.metric !== "unblended") p.set("metric", s.metric);
  for (const f of s.filter ?? []) p.append("filter", f);
  return `/costs/items?${p}`;
}

export const dayAfter = (day: string): string => {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString().slice(0, 10);
};

export const dayBefore = (day: string): string => {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() - 1);
  return at.toISOString().slice(0, 10);
};

// daysOf is the time that a row stands for, cut to the question's: days, the last of them left out.
export function daysOf(start: string, granularity: string, from: string, to: string): { from: string; to: string } {
  if (granularity === "total") return { from, to };
  const day = start.slice(0, 10);
  if (granularity !== "monthly") return { from: day, to: dayAfter(day) };
  const end = `${addMonths(day.slice(0, 7), 1)}-01`;
  return { from: day < from ? from : day, to: end > to ? to : end };
}

// filterOf is the filter that lets one group through.
export function filterOf(dimension: string, value: string): string {
  const at = dimension.indexOf(":");
  const name = at < 0 ? dimension : `${dimension.slice(0, at + 1)}${JSON.stringify(dimension.slice(at + 1))}`;
  return value === "" ? `${name} not exists` : `${name} is ${value}`;
}

// narrower is what people ask next, once they know one of a dimension.
const narrower: Record<string, string> = {
  payer: "account",
  account: "service",
  region: "service",
  legal_entity: "service",
  invoice: "service",
  line_item_type: "service",
  purchase_option: "service",
  service: "usage_type",
  usage_type: "operation",
  operation: "resource",
};

// drill asks about one group alone: by the groups that are left, or by what is finer.
export function drill(v: View, groups: Record<string, string>): View {
  const names = Object.keys(groups);
  const added = names.map((n) => filterOf(n, groups[n] ?? "")).filter((f) => !v.filter.includes(f));
  const left = groupsOf(v).filter((g) => !names.includes(g));
  const known = new Set([...names, ...v.filter.filter((f) => / is /.test(f)).map((f) => f.split(" ")[0] ?? "")]);
  let next = narrower[names.at(-1) ?? ""] ?? "service";
  while (known.has(next) && narrower[next]) next = narrower[next] ?? "resource";
  return { ...v, filter: [...v.filter, ...added], group_by: left.length > 0 ? left.join(",") : next };
}
