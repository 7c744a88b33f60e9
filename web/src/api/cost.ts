import { useQuery } from "@tanstack/react-query";
import { answer, api, type CostAnswer } from "./client";
import type { operations } from "./schema";

// Question is what an address says: the server tells what it does not know.
export interface Question {
  group_by: string;
  granularity: string;
  from: string;
  to: string;
  metric: string;
}

type Query = NonNullable<operations["askCosts"]["parameters"]["query"]>;

const rowsOfAPage = 10_000;

// costs reads every page of an answer. A chart of half the rows would be wrong without showing it.
async function costs(q: Question): Promise<CostAnswer> {
  const query = { ...(q as Query), limit: rowsOfAPage };
  let all = await answer(api.GET("/api/v1/costs", { params: { query } }));
  while (all.next_cursor) {
    const page = await answer(api.GET("/api/v1/costs", { params: { query: { ...query, cursor: all.next_cursor } } }));
    all = { ...page, rows: [...(all.rows ?? []), ...(page.rows ?? [])] };
  }
  return all;
}

export const useCosts = (q: Question, enabled = true) =>
  useQuery({
    queryKey: ["costs", q],
    queryFn: () => costs(q),
    placeholderData: (before) => before,
    enabled,
  });
