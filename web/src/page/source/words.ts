import type { Schemas } from "../../api/client";
import { compare, count, money, sum } from "../../part/format";

export type Source = Schemas["Source"];
export type Stream = Schemas["Stream"];
export type StreamStatus = Schemas["StreamStatus"];
export type Price = Schemas["Price"];
export type Budget = Schemas["Budget"];
export type Kind = Schemas["CostStream"];

const names: Record<string, string> = {
  cost_daily: "Costs by day",
  cost_monthly: "Costs by month",
  cost_hourly: "Costs by hour",
  cost_resource_daily: "Costs of single resources by day",
  forecast: "Forecast",
  dimensions: "Values of a dimension",
  tags: "Tags",
  cost_categories: "Cost categories",
  ri_coverage: "Reservation coverage",
  ri_utilization: "Reservation utilization",
  ri_recommendation: "Reservation recommendations",
  sp_coverage: "Savings Plans coverage",
  sp_utilization: "Savings Plans utilization",
  sp_utilization_details: "Savings Plans, one by one",
  sp_recommendation: "Savings Plans recommendations",
  rightsizing: "Rightsizing recommendations",
  anomalies: "Anomalies",
  anomaly_monitors: "Anomaly monitors",
  anomaly_subscriptions: "Anomaly subscriptions",
  cost_allocation_tags: "Cost allocation tags",
  cost_category_definitions: "Cost category definitions",
};

// streamName is what people call a stream.
export const streamName = (s: string): string => names[s] ?? s.replaceAll("_", " ");

export const schedules: Record<string, string> = { "0": "only when somebody says so", "6": "every 6 hours", "12": "every 12 hours", "24": "every day", "168": "every week" };

export const schedule = (hours: number): string => schedules[String(hours)] ?? `every ${hours} hours`;

// standing says how many streams stand well, and how many do not.
export function standing(status: StreamStatus[]): string {
  const well = status.filter((s) => s.state === "ok" || s.state === "no_data").length;
  const never = status.filter((s) => s.state === "never").length;
  const ill = status.length - well - never;
  return [well && `${well} well`, ill && `${ill} not`, never && `${never} not asked yet`].filter(Boolean).join(", ") || "none";
}

// state is how a source stands, as a word that Status knows.
export function state(s: Pick<Source, "paused" | "status">): string {
  if (s.paused) return "paused";
  const states = (s.status ?? []).map((x) => x.state);
  if (states.every((x) => x === "never")) return "never";
  if (states.every((x) => x === "ok" || x === "no_data" || x === "never")) return "ok";
  return states.some((x) => x === "ok" || x === "no_data") ? "partial" : "failed";
}

export const requests = (n: number): string => (n === 0 ? "no request" : n === 1 ? "1 request" : `${count(n)} requests`);

// costs says what a price comes to: the least of it, where an answer may have more pages than are known.
export const costs = (p: Price): string => `${requests(p.requests)}, ${money(p.usd, "USD")}${p.at_least ? " or more" : ""}`;

// daily says what a schedule costs on a day when each of its runs asks all that is asked now.
export function daily(p: Price, hours: number): string {
  if (hours === 0) return "nothing by itself: it is asked only when somebody says so";
  if (hours > 24) return `${costs(p)} ${schedule(hours)}`;
  const runs = Math.ceil(24 / hours);
  return costs({ ...p, requests: p.requests * runs, usd: sum(Array.from({ length: runs }, () => p.usd)) });
}

// passed names the budgets that a price would pass; "" where it fits.
export function passed(p: Price): string {
  if (compare(p.usd, p.budget.run) > 0) return `the budget of a run, ${money(p.budget.run, "USD")}`;
  if (compare(p.usd, p.budget.day) > 0) return `the budget of a day, ${money(p.budget.day, "USD")}`;
  return compare(p.usd, p.budget.month) > 0 ? `the budget of a month, ${money(p.budget.month, "USD")}` : "";
}

// isAmount says whether a text is dollars, as the server reads them.
export const isAmount = (t: string): boolean => /^\d{1,9}(\.\d{1,6})?$/.test(t);

export const notAmount = "Write US dollars, as 0.05: that is five requests.";
