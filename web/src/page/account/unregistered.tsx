import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { count, when } from "../../part/format";
import { MemberState } from "../../part/member";
import { To } from "./columns";

type Unregistered = Schemas["Unregistered"];

// UnregisteredTable lists what organizations have and nobody has registered, and registers it.
export function UnregisteredTable({ views }: { views: ReactNode }) {
  const go = useNavigate();
  const may = useMay();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const text = params.get("text") ?? "";
  const [chosen, setChosen] = useState<Unregistered[]>([]);
  const list = useInfiniteQuery({
    queryKey: ["unregistered", text],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/members/unregistered", { params: { query: { q: text || undefined, cursor: pageParam || undefined, limit: 100 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const register = useMutation({
    mutationFn: async (who: Unregistered[]) => {
      const rows = who.map((m) => ({ account_id: m.account_id, name: m.name || `Account ${m.account_id}`, partition: m.partition }));
      const done = await answer(api.POST("/api/v1/accounts:bulk", { body: { accounts: rows } }));
      const refused = done.rows.find((r) => r.problem);
      if (refused?.problem) throw new Error(`${refused.account_id ?? ""}: ${refused.problem.detail ?? ""} ${refused.problem.hint ?? ""}`);
      return who;
    },
    onSuccess: (who) => {
      setChosen([]);
      const [only] = who;
      if (who.length === 1 && only) void go(`/accounts/${only.account_id}/register`);
    },
    onSettled: () => void queries.invalidateQueries(),
  });
  const items = list.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <SpaceBetween size="m">
      <Failure error={list.error ?? register.error} />
      <Table<Unregistered>
        variant="full-page"
        selectionType={may("accounts:manage") ? "multi" : undefined}
        selectedItems={chosen}
        onSelectionChange={({ detail }) => setChosen(detail.selectedItems)}
        trackBy={(m) => m.payer.id + m.account_id}
        ariaLabels={{ selectionGroupLabel: "Accounts to register", allItemsSelectionLabel: () => "All accounts that are shown", itemSelectionLabel: (_, m) => `Account ${m.account_id}` }}
        header={
          <Header
            variant="awsui-h1-sticky"
            description="Accounts of your organizations that are not registered. Those that a StackSet reaches register themselves when their payer's accounts are checked; any other can be registered here."
            actions={
              may("accounts:manage") && (
                <Button variant="primary" disabled={chosen.length === 0} loading={register.isPending} onClick={() => register.mutate(chosen)}>
                  {chosen.length > 1 ? `Register ${count(chosen.length)} accounts` : "Register"}
                </Button>
              )
            }
          >
            Not registered
          </Header>
        }
        filter={
          <SpaceBetween size="s">
            {views}
            <TextFilter filteringText={text} filteringAriaLabel="Find by name or account id" filteringPlaceholder="Find by name or account id" onDelayedChange={({ detail }) => setParams({ view: "unregistered", ...(detail.filteringText ? { text: detail.filteringText } : {}) }, { replace: true })} onChange={() => undefined} />
          </SpaceBetween>
        }
        loading={list.isPending}
        loadingText="Reading organizations…"
        empty={<Box textAlign="center">{text ? "None of them fits." : "Every account of your organizations is registered, or no organization has been looked at yet."}</Box>}
        items={items}
        columnDefinitions={[
          { id: "account_id", header: "Account", cell: (m) => m.account_id, isRowHeader: true },
          { id: "name", header: "Name", cell: (m) => m.name || "–" },
          { id: "payer", header: "Payer", cell: (m) => <To href={`/accounts/${m.payer.account_id}?tab=members`}>{m.payer.name}</To> },
          { id: "state", header: "State", cell: (m) => <MemberState of={m} /> },
          { id: "why", header: "What was seen", cell: (m) => m.message || "–" },
          { id: "first", header: "First seen", cell: (m) => when(m.first_seen_at) },
        ]}
        footer={
          list.hasNextPage && (
            <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              Show more
            </Button>
          )
        }
      />
    </SpaceBetween>
  );
}
