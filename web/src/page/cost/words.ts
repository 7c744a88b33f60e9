import type { Schemas } from "../../api/client";

// What the server knows by name, in the words of people.
const labels: Record<string, string> = {
  service: "Service",
  account: "Account",
  region: "Region",
  line_item_type: "Line item type",
  purchase_option: "Purchase option",
  usage_type: "Usage type",
  operation: "Operation",
  legal_entity: "Legal entity",
  invoice: "Invoice",
  payer: "Payer",
  resource: "Resource",
  unblended: "Unblended",
  blended: "Blended",
  net_unblended: "Net unblended",
  amortized: "Amortized",
  net_amortized: "Net amortized",
  list: "List price",
  usage: "Usage",
  day: "Day",
  hour: "Hour",
  currency: "Currency",
  unit: "Unit",
  billing_period: "Billing period",
  ChargeDescription: "Description",
};

export interface Option {
  value: string;
  label: string;
  description?: string;
}

// labelOf is what people call a dimension or a metric.
export function labelOf(name: string): string {
  if (name.startsWith("tag:")) return `Tag ${name.slice(4)}`;
  if (name.startsWith("cost_category:")) return `Category ${name.slice(14)}`;
  return labels[name] ?? name.replaceAll("_", " ");
}

export const granularities: Option[] = [
  { value: "monthly", label: "Months" },
  { value: "daily", label: "Days" },
  { value: "hourly", label: "Hours" },
  { value: "total", label: "The whole time" },
];

export const tops: Option[] = [5, 10, 20].map((n) => ({ value: String(n), label: `The ${n} largest, and the rest` })).concat({ value: "0", label: "All" });

type Known = Schemas["CostDimensions"] | undefined;

// dimensionOptions are what costs can be grouped by.
export function dimensionOptions(known: Known) {
  const option = (value: string, description?: string): Option => ({ value, label: labelOf(value), description });
  const group = (label: string, options: Option[]) => (options.length > 0 ? [{ label, options }] : []);
  return [
    ...group("Dimensions", (known?.dimensions ?? []).map((d) => option(d.name, d.doc))),
    ...group("Tags", (known?.tags ?? []).map((k) => option(`tag:${k}`))),
    ...group("Cost categories", (known?.cost_categories ?? []).map((k) => option(`cost_category:${k}`))),
  ];
}

export const metricOptions = (known: Known): Option[] => (known?.metrics ?? []).map((m) => ({ value: m.name, label: labelOf(m.name), description: m.doc }));
