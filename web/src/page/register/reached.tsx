import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { answer, api, type Account } from "../../api/client";
import { useLive } from "../../api/live";
import { Problem } from "../../api/problem";
import { Progress } from "../../part/check";
import { Failure } from "../../part/failure";
import { Remedy } from "../../part/finding";
import { count, when } from "../../part/format";
import { type Member, MemberState, members as words } from "../../part/member";

function useMembers(account: Account, often: boolean) {
  return useInfiniteQuery({
    queryKey: ["members", account.id],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/accounts/{account}/members", { params: { path: { account: account.account_id }, query: { cursor: pageParam || undefined, limit: 200 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
    refetchInterval: often ? 1_000 : false,
  });
}

// open are the states of accounts that can be reached at all.
const open: Member["state"][] = ["assumable", "not_deployed", "insecure", "failed", "unchecked"];

// Reached lists the linked accounts, how far bursar gets into each, and what to do about those into which it does not.
export function Reached({ account: a }: { account: Account }) {
  const path = { account: a.account_id };
  const live = useLive(a.account_id, ["members", "members_failed", "sync"]);
  const list = useMembers(a, live.running);
  const items = list.data?.pages.flatMap((p) => p.items ?? []) ?? [];
  const counts = (list.data?.pages[0]?.counts ?? {}) as Partial<Record<Member["state"], number>>;
  const total = open.reduce((n, s) => n + (counts[s] ?? 0), 0);
  const good = counts.assumable ?? 0;
  const looked = useRef(false);
  const look = (what: "sync" | "all" | "failed") =>
    live.start(() =>
      answer(
        what === "sync"
          ? api.POST("/api/v1/accounts/{account}/members/sync", { params: { path } })
          : api.POST("/api/v1/accounts/{account}/members/check", { params: { path, query: { failed: what === "failed" } } }),
      ),
    );
  const empty = list.isSuccess && items.length === 0;
  useEffect(() => {
    if (!empty || looked.current || live.running) return;
    looked.current = true; // the list is read once by itself; nothing in AWS is touched
    void look("sync");
  });
  const tried = counts.unchecked !== total;
  return (
    <Container header={<Header variant="h2" description="bursar tries the role of each linked account, and registers those that it gets into. Nothing that works is undone when another fails.">Check and confirm access</Header>}>
      <SpaceBetween size="m">
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant={good < total ? "primary" : "normal"} loading={live.running} loadingText="Looking" onClick={() => void look("all")}>
            Check and confirm access
          </Button>
          {tried && good > 0 && good < total && (
            <Button disabled={live.running} disabledReason="A look is under way" onClick={() => void look("failed")}>
              {`Try the ${count(total - good)} that lack it again`}
            </Button>
          )}
          <Button disabled={live.running} disabledReason="A look is under way" onClick={() => void look("sync")}>
            Look for new accounts
          </Button>
        </SpaceBetween>
        <Failure error={list.error ?? live.error ?? (live.run?.error ? new Problem(live.run.error.message, 409, "", "", live.run.error.hint ?? "") : null)} />
        {live.running && <Progress live={live} label="Looking at the linked accounts" />}
        {total > 0 && <ProgressBar value={(100 * good) / total} label="Accounts that bursar gets into" description={`${count(good)} of ${count(total)} open accounts`} status={good === total ? "success" : "in-progress"} resultText={`All ${count(total)} open accounts`} />}
        <div role="status" aria-live="polite">
          {!live.running && live.run?.state === "succeeded" && good === total && total > 0 && (
            <Alert type="success" header="bursar gets into every linked account">They are registered, and show in the list of accounts. New accounts come in by themselves as the StackSet reaches them.</Alert>
          )}
        </div>
        <List items={items} counts={counts} loading={list.isPending || (empty && live.running)} />
        {list.hasNextPage && (
          <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        )}
      </SpaceBetween>
    </Container>
  );
}

const rank: Partial<Record<Member["state"], number>> = { insecure: 0, failed: 1, not_deployed: 2, unchecked: 3 };

function List({ items, counts, loading }: { items: Member[]; counts: Partial<Record<Member["state"], number>>; loading: boolean }) {
  const sorted = [...items].sort((x, y) => (x.code === "deployment_failed" ? -1 : (rank[x.state] ?? 4)) - (y.code === "deployment_failed" ? -1 : (rank[y.state] ?? 4)));
  const sum = Object.entries(counts).map(([s, n]) => `${words[s as Member["state"]]?.[1] ?? s}: ${count(n)}`);
  return (
    <Table<Member>
      variant="embedded"
      wrapLines
      header={
        <Header variant="h3" counter={items.length ? `(${count(items.length)})` : undefined} description={sum.join(", ")}>
          Linked accounts
        </Header>
      }
      loading={loading}
      loadingText="Looking for the linked accounts…"
      empty="The organization has no other account."
      items={sorted}
      columnDefinitions={[
        { id: "account", header: "Account", isRowHeader: true, cell: (m) => <Named of={m} />, width: 200, minWidth: 130 },
        { id: "state", header: "State, cause, and what to do", cell: (m) => <Cause of={m} />, minWidth: 200 },
        { id: "checked", header: "Checked", cell: (m) => when(m.checked_at), width: 170, minWidth: 100 },
      ]}
    />
  );
}

function Named({ of: m }: { of: Member }) {
  return (
    <>
      <Box>{m.account_id}</Box>
      <Box color="text-body-secondary">{m.name}</Box>
    </>
  );
}

// Cause leaves out what holds of all of them: that there is no StackSet yet is what this step is for.
function Cause({ of: m }: { of: Member }) {
  const silent = m.code === "stack_set_missing" || m.state === "assumable";
  return (
    <SpaceBetween size="xxs">
      <MemberState of={m} />
      {m.message && !silent && <Box>{m.message}</Box>}
      {m.remedy && !silent && <Remedy text={m.remedy} />}
    </SpaceBetween>
  );
}
