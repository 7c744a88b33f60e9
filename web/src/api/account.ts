import { useQuery } from "@tanstack/react-query";
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
