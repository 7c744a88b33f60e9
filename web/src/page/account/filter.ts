import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import { capabilities, kinds } from "../../part/format";
import { wordOf } from "../../part/status";

// A property that accounts are found by: its parameter in the API, which is also the one in the page's address.
interface Property {
  key: string;
  label: string;
  values?: Record<string, string>; // none: any text
}

const states = (...names: string[]) => Object.fromEntries(names.map((n) => [n, wordOf(n)]));
const capabilityStates = states("not_set_up", "waiting", "ok", "late", "degraded", "failed", "insecure");

export const properties: Property[] = [
  { key: "name", label: "Name" },
  { key: "account_id", label: "Account id" },
  { key: "kind", label: "Kind", values: kinds },
  { key: "state", label: "Status", values: states("pending", "connected", "attention", "broken", "insecure") },
  { key: "data", label: "Data", values: states("awaiting_first_delivery", "late", "failed", "receiving", "stale", "none") },
  { key: "finding", label: "Finding" },
  { key: "payer", label: "Payer" },
  { key: "organization", label: "Organization" },
  { key: "method", label: "Method", values: { console: "Console", terraform: "Terraform", role: "Own role", access_key: "Access key" } },
  { key: "partition", label: "Partition", values: { aws: "aws", "aws-cn": "aws-cn", "aws-us-gov": "aws-us-gov" } },
  ...["access", "billing_export", "member_access", "inventory"].map((c) => ({ key: `capability.${c}`, label: capabilities[c] ?? c, values: capabilityStates })),
];

export const filteringProperties: PropertyFilterProps.FilteringProperty[] = properties.map((p) => ({
  key: p.key,
  propertyLabel: p.label,
  groupValuesLabel: `${p.label}: values`,
  operators: p.values ? ["=", "!="].map((operator) => ({ operator: operator as "=", tokenType: "enum" })) : [p.key === "name" || p.key === "account_id" ? ":" : "=", p.key === "name" || p.key === "account_id" ? "!:" : "!="],
}));

// Codes that people look for; any other can be typed.
const codes = ["insecure_trust", "outdated", "not_deployed_or_changed", "wrong_account", "denied_by_scp", "own_identity_invalid"];

export const filteringOptions: PropertyFilterProps.FilteringOption[] = [
  ...properties.flatMap((p) => Object.entries(p.values ?? {}).map(([value, label]) => ({ propertyKey: p.key, value, label }))),
  ...codes.map((value) => ({ propertyKey: "finding", value })),
];

type Query = PropertyFilterProps.Query;

const list = (v: unknown): string[] => (Array.isArray(v) ? v.map(String) : [String(v ?? "")]).filter(Boolean);

// toParams writes a filter as the API's parameters: values of one property are alternatives, and ! excludes.
export function toParams(query: Query): [string, string][] {
  return query.tokens.flatMap((t) => {
    const not = t.operator.startsWith("!") ? "!" : "";
    const key = t.propertyKey ?? "q";
    return list(t.value).map((v): [string, string] => (key.startsWith("capability.") ? ["capability", `${key.slice(11)}:${not}${v}`] : [key, not + v]));
  });
}

// fromParams reads such parameters, from the page's address.
export function fromParams(params: URLSearchParams): Query {
  const tokens: Query["tokens"][number][] = params.getAll("q").map((value) => ({ operator: ":", value }));
  for (const p of properties) {
    const [key, prefix] = p.key.startsWith("capability.") ? ["capability", p.key.slice(11) + ":"] : [p.key, ""];
    const values = params.getAll(key).filter((v) => v.startsWith(prefix)).map((v) => v.slice(prefix.length));
    const plain = values.filter((v) => !v.startsWith("!"));
    const not = values.filter((v) => v.startsWith("!")).map((v) => v.slice(1));
    const text = p.key === "name" || p.key === "account_id";
    if (p.values) {
      if (plain.length) tokens.push({ propertyKey: p.key, operator: "=", value: plain });
      if (not.length) tokens.push({ propertyKey: p.key, operator: "!=", value: not });
      continue;
    }
    tokens.push(...plain.map((value) => ({ propertyKey: p.key, operator: text ? ":" : "=", value }) as const), ...not.map((value) => ({ propertyKey: p.key, operator: text ? "!:" : "!=", value }) as const));
  }
  return { tokens, operation: "and" };
}
