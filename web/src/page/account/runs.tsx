import { useQuery } from "@tanstack/react-query";
import { answer, api, type Account } from "../../api/client";
import { Failure } from "../../part/failure";
import { RunTable } from "../run/table";

export function AccountRuns({ account }: { account: Account }) {
  const runs = useQuery({
    queryKey: ["runs", account.id],
    queryFn: () => answer(api.GET("/api/v1/runs", { params: { query: { account: account.account_id, limit: 50 } } })),
  });
  return (
    <>
      <Failure error={runs.error} />
      <RunTable title="Runs of this account" loading={runs.isPending} items={runs.data?.items ?? []} />
    </>
  );
}
