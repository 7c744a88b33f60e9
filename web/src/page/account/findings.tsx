import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Account, type Finding } from "../../api/client";
import { useMay } from "../../api/me";
import { CheckAndConfirm } from "../../part/check";
import { Failure } from "../../part/failure";
import { Findings } from "../../part/finding";
import { checks, when } from "../../part/format";
import { Status } from "../../part/status";

// AccountFindings shows what the checks see now, and what they saw before.
export function AccountFindings({ account }: { account: Account }) {
  const may = useMay();
  return (
    <SpaceBetween size="m">
      {may("accounts:check") && <CheckAndConfirm account={account.account_id} />}
      <Findings items={account.findings ?? []} />
      <History account={account} />
    </SpaceBetween>
  );
}

const every = { value: "", label: "Every check" };

function History({ account }: { account: Account }) {
  const [check, setCheck] = useState("");
  const list = useInfiniteQuery({
    queryKey: ["findings", account.id, check],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/accounts/{account}/findings", { params: { path: { account: account.id }, query: { check: check || undefined, cursor: pageParam || undefined, limit: 50 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  const options = [every, ...Object.entries(checks).map(([value, label]) => ({ value, label }))];
  return (
    <SpaceBetween size="s">
      <Failure error={list.error} />
      <Table<Finding>
        header={<Header variant="h2">History</Header>}
        filter={
          <FormField label="Check">
            <Select selectedOption={options.find((o) => o.value === check) ?? every} options={options} onChange={({ detail }) => setCheck(detail.selectedOption.value ?? "")} />
          </FormField>
        }
        loading={list.isPending}
        loadingText="Reading the history…"
        empty="Nothing has been checked yet."
        items={list.data?.pages.flatMap((p) => p.items) ?? []}
        trackBy="id"
        columnDefinitions={[
          { id: "at", header: "When", cell: (f) => when(f.at), isRowHeader: true },
          { id: "check", header: "Check", cell: (f) => checks[f.check] ?? f.check },
          { id: "status", header: "Outcome", cell: (f) => <Status of={f.status} /> },
          { id: "code", header: "Code", cell: (f) => <Box variant="code">{f.code}</Box> },
          { id: "message", header: "What was seen", cell: (f) => f.message },
          { id: "since", header: "Since", cell: (f) => when(f.since) },
        ]}
      />
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </SpaceBetween>
  );
}
