// What the server knows by name, in the order in which people look for it.
export const dimensions = [
  { value: "service", label: "Service" },
  { value: "account", label: "Account" },
  { value: "region", label: "Region" },
  { value: "line_item_type", label: "Line item type" },
  { value: "purchase_option", label: "Purchase option" },
  { value: "usage_type", label: "Usage type" },
  { value: "operation", label: "Operation" },
  { value: "legal_entity", label: "Legal entity" },
  { value: "invoice", label: "Invoice" },
  { value: "payer", label: "Payer" },
  { value: "", label: "Nothing: the total" },
];

export const metrics = [
  { value: "unblended", label: "Unblended" },
  { value: "amortized", label: "Amortized" },
  { value: "net_unblended", label: "Net unblended" },
  { value: "net_amortized", label: "Net amortized" },
  { value: "blended", label: "Blended" },
  { value: "list", label: "List price" },
];

export const granularities = [
  { value: "monthly", label: "Months" },
  { value: "daily", label: "Days" },
  { value: "total", label: "The whole time" },
];
