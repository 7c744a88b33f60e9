// Filters as the API writes them, and as tokens of a property filter. What has no value is a value of its own there: "No value".

export interface Token {
  propertyKey?: string;
  operator: string;
  value: string;
}

export const noValue = "No value";

const operators: Record<string, string> = { is: "=", "is not": "!=", contains: ":", "not contains": "!:" };
const words: Record<string, string> = Object.fromEntries(Object.entries(operators).map(([word, sign]) => [sign, word]));
const prefixes = ["tag:", "cost_category:"];

// tokenOf reads a filter; null where it is none that can be shown.
export function tokenOf(filter: string): Token | null {
  const split = dimensionOf(filter.trim());
  if (!split) return null;
  const [propertyKey, rest] = split;
  if (rest === "not exists") return { propertyKey, operator: "=", value: noValue };
  if (rest === "exists") return { propertyKey, operator: "!=", value: noValue };
  for (const word of ["is not", "not contains", "is", "contains"]) {
    if (rest.startsWith(word + " ")) return { propertyKey, operator: operators[word] ?? "=", value: rest.slice(word.length + 1) };
  }
  return null;
}

// dimensionOf splits a filter after its dimension, whose key may be quoted.
function dimensionOf(filter: string): [string, string] | null {
  const prefix = prefixes.find((p) => filter.startsWith(p)) ?? "";
  const quoted = prefix ? /^"(?:[^"\\]|\\.)*"/.exec(filter.slice(prefix.length)) : null;
  if (quoted) return [prefix + (JSON.parse(quoted[0]) as string), filter.slice(prefix.length + quoted[0].length).trim()];
  const found = prefix ? / (is not|not contains|not exists|is|contains|exists)( |$)/.exec(filter) : / /.exec(filter);
  return found ? [filter.slice(0, found.index), filter.slice(found.index + 1).trimStart()] : null;
}

// filterText writes a token as a filter; null where it says nothing: a text without a property.
export function filterText(t: Token): string | null {
  if (!t.propertyKey || t.value === "") return null;
  const prefix = prefixes.find((p) => t.propertyKey?.startsWith(p)) ?? "";
  const name = prefix ? prefix + JSON.stringify(t.propertyKey.slice(prefix.length)) : t.propertyKey;
  if (t.value === noValue) return t.operator === "!=" || t.operator === "!:" ? `${name} exists` : `${name} not exists`;
  return `${name} ${words[t.operator] ?? "is"} ${t.value}`;
}
