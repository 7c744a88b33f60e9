import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { useHelp } from "../../shell/help";

type Entry = Schemas["AuditEntry"];

export function Component() {
  const log = useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/audit", { params: { query: { cursor: pageParam || undefined, limit: 100 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  useHelp("Audit log", <p>Every change, sign-in and refusal. Each entry holds the hash of the one before it: <code>bursar audit verify</code> proves that none was changed or taken out.</p>);
  return (
    <ContentLayout header={<Header variant="h1">Audit log</Header>}>
      <SpaceBetween size="l">
        <Failure error={log.error} />
        <Table
          loading={log.isPending}
          loadingText="Reading the log…"
          empty="Nothing has happened yet."
          items={log.data?.pages.flatMap((p) => p.items) ?? []}
          columnDefinitions={columns}
          header={<Header variant="h2">Newest first</Header>}
          enableKeyboardNavigation
        />
        {log.hasNextPage && (
          <Button loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}

const outcomes = { done: "success", refused: "warning", failed: "error" } as const;

const columns = [
  { id: "at", header: "When", cell: (e: Entry) => when(e.at), isRowHeader: true },
  { id: "who", header: "Who", cell: (e: Entry) => `${e.actor.name ?? e.actor.id ?? ""} (${e.actor.kind})`.trim() },
  { id: "action", header: "What", cell: (e: Entry) => e.action },
  { id: "target", header: "To what", cell: (e: Entry) => e.target || "–" },
  { id: "outcome", header: "Outcome", cell: (e: Entry) => <StatusIndicator type={outcomes[e.outcome]}>{e.outcome}</StatusIndicator> },
  { id: "from", header: "From", cell: (e: Entry) => e.from || "–" },
  { id: "change", header: "Change", cell: (e: Entry) => <Change of={e} /> },
  { id: "request", header: "Request", cell: (e: Entry) => <Box variant="code">{e.request_id || "–"}</Box> },
];

function Change({ of: e }: { of: Entry }) {
  if (e.reason) return <Box>{e.reason}</Box>;
  const text = [e.before, e.after].map((v) => (v === undefined || v === null ? "" : JSON.stringify(v))).filter(Boolean).join(" → ");
  return text ? <Box variant="code">{text}</Box> : <>–</>;
}
