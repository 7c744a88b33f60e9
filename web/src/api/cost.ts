import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./client";
import type { operations } from "./schema";

// Question is what an address says: the server tells what it does not know.
export interface Question {
  group_by: string;
  granularity: string;
  from: string;
  to: string;
  metric: string;
}

export const useCosts = (q: Question, enabled = true) =>
  useQuery({
    queryKey: ["costs", q],
    queryFn: () => answer(api.GET("/api/v1/costs", { params: { query: q as operations["askCosts"]["parameters"]["query"] } })),
    placeholderData: (before) => before,
    enabled,
  });
