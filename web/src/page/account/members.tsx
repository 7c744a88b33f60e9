import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { answer, api, type Account, type Run, type Schemas } from "../../api/client";
import { watchRun } from "../../api/events";
import { Failure } from "../../part/failure";
import { count, when } from "../../part/format";

type Member = Schemas["Member"];

const states: Record<string, [StatusIndicatorProps.Type, string]> = {
  assumable: ["success", "bursar gets in"],
  not_deployed: ["pending", "No role yet"],
  insecure: ["error", "Insecure"],
  failed: ["error", "Failed"],
  unchecked: ["stopped", "Not checked"],
  pending: ["in-progress", "Being created"],
  suspended: ["stopped", "Suspended"],
  closed: ["stopped", "Closed"],
  left: ["stopped", "Left the organization"],
  in_bill: ["info", "Only seen in the bill"],
};

export function Members({ account }: { account: Account }) {
  const queries = useQueryClient();
  const path = { account: account.account_id };
  const members = useInfiniteQuery({
    queryKey: ["members", account.id],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/accounts/{account}/members", { params: { path, query: { cursor: pageParam || undefined, limit: 200 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const [run, setRun] = useState<Run | null>(null);
  const leave = useRef<AbortController>(null);
  useEffect(() => () => leave.current?.abort(), []);
  const start = useMutation({
    mutationFn: async (what: "check" | "sync") => {
      leave.current = new AbortController();
      const begun = await answer(what === "check" ? api.POST("/api/v1/accounts/{account}/members/check", { params: { path } }) : api.POST("/api/v1/accounts/{account}/members/sync", { params: { path } }));
      setRun(begun);
      setRun(await watchRun(begun.id, (e) => "run" in e && setRun(e.run), leave.current.signal));
    },
    onSettled: () => void queries.invalidateQueries(),
  });
  const counts = members.data?.pages[0]?.counts ?? {};
  return (
    <SpaceBetween size="m">
      <Failure error={members.error ?? start.error ?? (run?.error ? new Error(run.error.message) : null)} />
      {start.isPending && run && <ProgressBar value={run.progress.total ? (100 * run.progress.done) / run.progress.total : 0} label="Looking at the linked accounts" description={run.progress.step || "waiting for a free worker"} additionalInfo="You can leave this page: it goes on." />}
      <Table<Member>
        header={
          <Header
            variant="h2"
            description={Object.entries(counts).map(([s, n]) => `${states[s]?.[1] ?? s}: ${count(n)}`).join(", ")}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button disabled={start.isPending} onClick={() => start.mutate("sync")}>
                  Look for new accounts
                </Button>
                <Button variant="primary" loading={start.isPending} onClick={() => start.mutate("check")}>
                  Check all
                </Button>
              </SpaceBetween>
            }
          >
            Accounts of the organization
          </Header>
        }
        loading={members.isPending}
        loadingText="Reading the organization…"
        empty="The organization has not been looked at yet: press Look for new accounts."
        items={members.data?.pages.flatMap((p) => p.items) ?? []}
        columnDefinitions={[
          { id: "account", header: "Account", cell: (m) => m.account_id, isRowHeader: true },
          { id: "name", header: "Name", cell: (m) => m.name },
          { id: "state", header: "State", cell: (m) => <StatusIndicator type={states[m.state]?.[0] ?? "info"}>{states[m.state]?.[1] ?? m.state}</StatusIndicator> },
          { id: "message", header: "What was seen", cell: (m) => <Box>{[m.message, m.remedy].filter(Boolean).join(" ")}</Box> },
          { id: "since", header: "Since", cell: (m) => when(m.since) },
          { id: "checked", header: "Checked", cell: (m) => when(m.checked_at) },
        ]}
      />
      {members.hasNextPage && (
        <Button loading={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}>
          Show more
        </Button>
      )}
    </SpaceBetween>
  );
}
