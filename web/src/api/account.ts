import { useQueries, useQuery } from "@tanstack/react-query";
import { answer, api, pages } from "./client";

// The questions about accounts that pages share.
export const useAccounts = () =>
  useQuery({
    queryKey: ["accounts"],
    queryFn: () => pages((cursor) => answer(api.GET("/api/v1/accounts", { params: { query: { cursor, limit: 200 } } }))),
  });

export const useAccount = (account: string) =>
  useQuery({
    queryKey: ["account", account],
    queryFn: () => answer(api.GET("/api/v1/accounts/{account}", { params: { path: { account } } })),
    enabled: account !== "",
  });

export const useSetup = (account: string) =>
  useQuery({
    queryKey: ["setup", account],
    queryFn: () => answer(api.GET("/api/v1/accounts/{account}/setup", { params: { path: { account } } })),
    enabled: account !== "",
  });

// useCandidates asks for the billing exports that an account has in AWS, as they were seen last.
export const useCandidates = (account: string) =>
  useQuery({
    queryKey: ["candidates", account],
    queryFn: () => answer(api.GET("/api/v1/accounts/{account}/exports", { params: { path: { account } } })),
    enabled: account !== "",
  });

export const states = ["connected", "pending", "attention", "broken", "insecure"] as const;

// useStates counts the accounts in each state, and gives the first of them: however many there are, it asks for no more.
export const useStates = () =>
  useQueries({
    queries: states.map((state) => ({
      queryKey: ["accounts", "state", state],
      queryFn: () => answer(api.GET("/api/v1/accounts", { params: { query: { state: [state], limit: 50, count: true } } })),
    })),
    combine: (all) => ({
      isPending: all.some((q) => q.isPending),
      error: all.find((q) => q.error)?.error ?? null,
      retry: () => all.forEach((q) => void q.refetch()),
      of: new Map(states.map((state, i) => [state as string, { total: all[i]?.data?.total ?? 0, first: all[i]?.data?.items ?? [] }])),
      total: all.reduce((n, q) => n + (q.data?.total ?? 0), 0),
    }),
  });

export type States = ReturnType<typeof useStates>;

// useArrivals gives the first accounts whose bills are waited for or come in, those in trouble first.
export const useArrivals = (limit: number) =>
  useQuery({
    queryKey: ["accounts", "arrivals", limit],
    queryFn: () => answer(api.GET("/api/v1/accounts", { params: { query: { data: ["!none"], sort: "data", limit, count: true } } })),
  });
