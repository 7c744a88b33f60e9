// Amounts stay decimal text from the server to the screen: nothing here makes a number of money, save to draw a bar of it.

export const capabilities: Record<string, string> = {
  access: "API access",
  organization: "Organization",
  billing_export: "Billing export",
  cost_explorer: "Cost Explorer",
  inventory: "Inventory",
  member_access: "Linked accounts",
};

// checks are the names of the checks, for people.
export const checks: Record<string, string> = {
  assume_role: "The role can be assumed",
  account_match: "It is in this account",
  external_id_required: "It requires its external id",
  trust_policy: "It trusts nobody else",
  template_version: "Its template is the newest",
  permissions: "Its permissions",
  organization: "Payer, linked or standalone",
  export_definition: "The export",
  export_bucket: "The export's bucket",
  export_delivery: "Deliveries",
  cost_explorer: "Cost Explorer",
  member_access: "Linked accounts",
  inventory: "Inventory",
};

export const kinds: Record<string, string> = { payer: "Payer", linked: "Linked", standalone: "Standalone", unknown: "Not known yet" };

// grouped rounds a decimal text to so many places, half away from zero, and groups its digits.
export function grouped(amount: string, places = 2): string {
  const negative = amount.startsWith("-");
  const [whole = "0", fraction = ""] = amount.replace("-", "").split(".");
  const digits = BigInt(whole + fraction.padEnd(places + 1, "0").slice(0, places));
  const up = fraction.length > places && fraction.charCodeAt(places) >= 53 ? 1n : 0n;
  const text = (digits + up).toString().padStart(places + 1, "0");
  const head = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const tail = places > 0 ? "." + text.slice(text.length - places) : "";
  return (negative && digits + up > 0n ? "-" : "") + head + tail;
}

const symbols: Record<string, string> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

export const money = (amount: string, currency: string): string => {
  const symbol = symbols[currency];
  const text = grouped(amount, currency === "JPY" ? 0 : 2);
  if (!symbol) return `${text} ${currency}`;
  return text.startsWith("-") ? `-${symbol}${text.slice(1)}` : symbol + text;
};

// amount shows a row's amount in its currency, or usage in its unit.
export interface Amount {
  amount: string;
  currency?: string;
  unit?: string;
}

export const amount = (a: Amount): string => (a.currency ? money(a.amount, a.currency) : `${grouped(a.amount, 3)} ${a.unit ?? ""}`.trim());

export const exact = (a: Amount): string => `${a.amount} ${a.currency ?? a.unit ?? ""}`.trim();

export const count = (n: number): string => n.toLocaleString("en-US");

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let i = 0;
  for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
  return `${i === 0 ? n : n.toFixed(1)} ${units[i]}`;
}

// when shows a time in UTC.
export const when = (t: string | undefined): string => (t ? t.slice(0, 16).replace("T", " ") + " UTC" : "–");

// clock shows a time of the day in UTC, to the second.
export const clock = (t: string | undefined): string => (t ? t.slice(11, 19) + " UTC" : "–");

// addMonths moves a month, YYYY-MM.
export function addMonths(month: string, n: number): string {
  const [y = 0, m = 1] = month.split("-").map(Number);
  const at = y * 12 + (m - 1) + n;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
}

// sum adds decimal texts exactly.
export function sum(amounts: string[]): string {
  const places = Math.max(0, ...amounts.map((a) => a.split(".")[1]?.length ?? 0));
  const total = amounts.reduce((s, a) => {
    const [whole = "0", fraction = ""] = a.replace("-", "").split(".");
    const v = BigInt(whole + fraction.padEnd(places, "0"));
    return s + (a.startsWith("-") ? -v : v);
  }, 0n);
  const text = (total < 0n ? -total : total).toString().padStart(places + 1, "0");
  return (total < 0n ? "-" : "") + text.slice(0, text.length - places) + (places ? "." + text.slice(text.length - places) : "");
}

// scaled reads decimal texts as whole numbers of one scale.
function scaled(...amounts: string[]): bigint[] {
  const places = Math.max(0, ...amounts.map((a) => a.split(".")[1]?.length ?? 0));
  return amounts.map((a) => {
    const [whole = "0", fraction = ""] = a.replace("-", "").split(".");
    const v = BigInt(whole + fraction.padEnd(places, "0"));
    return a.startsWith("-") ? -v : v;
  });
}

// compare orders decimal texts by what they are: below 0 where a is less than b.
export function compare(a: string, b: string): number {
  const [x = 0n, y = 0n] = scaled(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

// difference is a - b, exactly.
export const difference = (a: string, b: string): string => trimmed(sum([a, b.startsWith("-") ? b.slice(1) : `-${b}`]));

// trimmed leaves out zeros that say nothing.
export function trimmed(a: string): string {
  const short = a.includes(".") ? a.replace(/\.?0+$/, "") : a;
  return short === "-0" ? "0" : short;
}

// change says in percent how much more or less a is than before; "" where there was nothing before.
export function change(a: string, before: string): string {
  const [x = 0n, y = 0n] = scaled(a, before);
  if (y === 0n) return "";
  const size = y < 0n ? -y : y;
  const tenths = ((x - y) * 2000n + (x >= y ? size : -size)) / (2n * size); // half away from zero
  const text = grouped(`${tenths < 0n ? "-" : ""}${(tenths < 0n ? -tenths : tenths) / 10n}.${(tenths < 0n ? -tenths : tenths) % 10n}`, 1);
  return `${tenths > 0n ? "+" : ""}${text} %`;
}
