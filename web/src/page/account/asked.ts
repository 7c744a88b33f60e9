import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { useSearchParams } from "react-router";
import { answer, type Account } from "../../api/client";
import { problemOf } from "../../api/problem";
import { credential } from "../../api/session";
import { fromParams, toParams } from "./filter";

const own = ["sort", "page", "after", "view"]; // parameters of the page that are no filter

// useAsked is what the page's address asks for: a filter, an order, a page and a view. Changing one changes the address.
export function useAsked() {
  const [params, setParams] = useSearchParams();
  const cursors = useRef(new Map<string, string>());
  const sort = params.get("sort") ?? "name";
  const page = Math.max(1, Number(params.get("page")) || 1);
  const query = fromParams(params);
  const filter = toParams(query);
  const change = (next: Record<string, string | undefined>) => {
    const p = new URLSearchParams(params);
    for (const [k, v] of Object.entries(next)) v ? p.set(k, v) : p.delete(k);
    setParams(p, { replace: true });
  };
  return {
    sort,
    page,
    query,
    filter,
    view: params.get("view") ?? "list",
    after: params.get("after") ?? undefined,
    change,
    setFilter: (q: typeof query) => {
      const p = new URLSearchParams(toParams(q));
      for (const k of own) if (k !== "page" && k !== "after" && params.get(k)) p.set(k, params.get(k) ?? "");
      setParams(p, { replace: true });
    },
    remember: (n: number, cursor: string) => cursors.current.set(`${sort} ${JSON.stringify(filter)} ${n}`, cursor),
    goTo: (n: number) => {
      const cursor = cursors.current.get(`${sort} ${JSON.stringify(filter)} ${n}`);
      change(n > 1 && cursor ? { page: String(n), after: cursor } : { page: undefined, after: undefined });
    },
  };
}

export type Asked = ReturnType<typeof useAsked>;

interface Page {
  items: Account[];
  next_cursor?: string;
  total?: number;
}

// The filter is kept as the pairs that it has in the address, and the address of the API has the same ones.
async function ask(pairs: [string, string][], signal?: AbortSignal): Promise<Page> {
  return answer<Page>(
    fetch(`/api/v1/accounts?${new URLSearchParams(pairs)}`, { headers: credential(), signal }).then(async (response) => {
      const body: unknown = await response.json();
      return response.ok ? { data: body as Page, response } : { error: body, response };
    }),
  );
}

// useFound asks for one page of accounts. The rows before stay until the next ones are there.
export const useFound = (asked: Asked, limit: number, top: boolean) =>
  useQuery({
    queryKey: ["accounts", "found", asked.filter, asked.sort, asked.after, limit, top],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask([...asked.filter, ["sort", asked.sort], ["limit", String(limit)], ["count", "true"], ...(asked.after ? [["cursor", asked.after] as [string, string]] : []), ...(top ? [["top", "true"] as [string, string]] : [])], signal),
  });

// useBelow asks for the accounts below each opened payer, so many pages of them.
export const useBelow = (payers: Account[], pages: Record<string, number>) =>
  useQueries({
    queries: payers.map((p) => ({
      queryKey: ["accounts", "below", p.id, pages[p.id] ?? 1],
      placeholderData: keepPreviousData,
      queryFn: async () => {
        let all: Account[] = [];
        let cursor = "";
        for (let n = 0; n < (pages[p.id] ?? 1); n++) {
          const page = await ask([["payer", p.account_id], ["partition", p.partition], ["limit", "100"], ...(cursor ? [["cursor", cursor] as [string, string]] : [])]);
          all = all.concat(page.items.filter((a) => a.id !== p.id));
          cursor = page.next_cursor ?? "";
          if (!cursor) break;
        }
        return { payer: p.id, items: all, more: cursor !== "" };
      },
    })),
  });

// download fetches every account that the filter finds, as CSV.
export async function download(asked: Asked): Promise<string> {
  const response = await fetch(`/api/v1/accounts:export?${new URLSearchParams([...asked.filter, ["sort", asked.sort]])}`, { headers: credential() });
  if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
  return response.text();
}
