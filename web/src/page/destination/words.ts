import type { Schemas } from "../../api/client";

export type Destination = Schemas["Destination"];
export type Kind = Destination["kind"];
export type Target = Schemas["TargetSettings"];
export type Trigger = Destination["trigger"];

export const kinds: Record<Kind, { name: string; about: string }> = {
  file: { name: "Files of the server", about: "A folder of the machine that bursar runs on." },
  s3: { name: "Amazon S3", about: "A bucket, with an account's role or a credential." },
  postgres: { name: "PostgreSQL", about: "Tables of a schema; each period is replaced in one transaction." },
  clickhouse: { name: "ClickHouse", about: "Tables with a partition for each period." },
  webhook: { name: "Webhook", about: "Signed messages to a program of yours." },
};

export const triggers: Record<Trigger, string> = {
  publication: "soon after a bill is published",
  hourly: "every hour",
  daily: "every day",
  manual: "only when somebody says so",
};

// where says in one line where a destination is.
export function where(d: { kind: Kind; target: Target }): string {
  const t = d.target;
  switch (d.kind) {
    case "file":
      return `${t.path || "the server's folder"}, ${t.format ?? "parquet"}`;
    case "s3":
      return `s3://${t.bucket ?? ""}${t.prefix ? `/${t.prefix}` : ""}, ${t.format ?? "parquet"}`;
    case "postgres":
      return `${t.host ?? ""}${t.port ? `:${t.port}` : ""}, ${t.database ?? ""}.${t.schema || "bursar"}`;
    default:
      return [t.url, t.database].filter(Boolean).join(", ");
  }
}

// state is how a destination stands, as a word that Status knows.
export const state = (d: Destination): string => (d.paused ? "paused" : !d.checked_at ? "unchecked" : d.usable ? "usable" : "unusable");

// datasets are what can be delivered.
export const datasets = [
  { value: "line_items", label: "Line items", description: "every one that counts, with the columns that the bills have" },
  { value: "costs_daily", label: "Costs by day", description: "the line items' sums by day, and what questions group by often" },
];

export const datasetName = (d: string): string => datasets.find((x) => x.value === d)?.label ?? d;
