import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api, type CostAnswer } from "./client";
import type { operations } from "./schema";
import { credential } from "./session";
import { problemOf } from "./problem";

// Question is what an address says: the server tells what it does not know, and what it takes for what is left out.
export interface Question {
  group_by: string;
  granularity: string;
  from?: string;
  to?: string;
  metric: string;
  filter?: string[];
  compare?: boolean;
  top?: number;
}

// Selection is which line items, and how they count: what is left of a question without its groups.
export type Selection = Pick<Question, "from" | "to" | "metric" | "filter">;

type Query = NonNullable<operations["askCosts"]["parameters"]["query"]>;

const rowsOfAPage = 10_000;

function parameters(q: Question): Query {
  const { compare, top, ...rest } = q;
  return { ...rest, ...(compare ? { compare: "previous" } : {}), ...(top && q.group_by ? { top } : {}) } as Query;
}

// costs reads every page of an answer. A chart of half the rows would be wrong without showing it.
async function costs(q: Question): Promise<CostAnswer> {
  const query = { ...parameters(q), limit: rowsOfAPage };
  let all = await answer(api.GET("/api/v1/costs", { params: { query } }));
  while (all.next_cursor) {
    const page = await answer(api.GET("/api/v1/costs", { params: { query: { ...query, cursor: all.next_cursor } } }));
    all = { ...page, rows: [...(all.rows ?? []), ...(page.rows ?? [])] };
  }
  return all;
}

export const useCosts = (q: Question, enabled = true) => useQuery({ queryKey: ["costs", q], queryFn: () => costs(q), placeholderData: keepPreviousData, enabled });

export const useItems = (s: Selection, columns: string[]) =>
  useInfiniteQuery({
    queryKey: ["items", s, columns],
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/costs/items", { params: { query: { ...s, columns: columns.join(","), limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor || undefined,
  });

export const useDimensions = (from?: string, to?: string) =>
  useQuery({
    queryKey: ["dimensions", from, to],
    queryFn: () => answer(api.GET("/api/v1/costs/dimensions", { params: { query: { from, to } } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const useForecast = () => useQuery({ queryKey: ["forecast"], queryFn: () => answer(api.GET("/api/v1/costs/forecast")), staleTime: 30_000 });

export const values = (dimension: string, contains: string, from?: string, to?: string) =>
  answer(api.GET("/api/v1/costs/values", { params: { query: { dimension, contains: contains || undefined, from, to, limit: 100 } } }));

export const formats = ["csv", "jsonl", "parquet"] as const;
export type Format = (typeof formats)[number];

// download fetches a file and hands it to the browser. It is whole, or there is none: the server breaks off what goes wrong.
export async function download(path: string, name: string, request?: RequestInit) {
  const response = await fetch(path, { ...request, headers: { ...credential(), ...(request?.headers ?? {}) } }).catch(() => null);
  if (!response) throw problemOf(null, 0);
  if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
  const url = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

export const exportCosts = (q: Question, format: Format) => download(`/api/v1/costs/export?${written({ ...parameters(q), format })}`, `costs.${format}`);

export const exportItems = (s: Selection, columns: string[], format: Format) => download(`/api/v1/costs/items/export?${written({ ...s, columns: columns.join(","), format })}`, `line-items.${format}`);

function written(query: Record<string, unknown>): string {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    for (const v of Array.isArray(value) ? value : [value]) out.append(name, String(v));
  }
  return out.toString();
}
