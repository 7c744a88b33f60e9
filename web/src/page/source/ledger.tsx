import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client";
import { Failure } from "../../part/failure";
import { money, when } from "../../part/format";
import { Place } from "../../part/place";
import { Status } from "../../part/status";
import { useAccessName } from "./access";
import { useSources } from "./list";
import { Spend } from "./spend";
import { streamName } from "./words";

type Line = Schemas["CostRequest"];

// Ledger is every attempt at a paid request, the newest first: of one source, or of all.
export function Ledger({ source }: { source?: string }) {
  const accessName = useAccessName();
  const sources = useSources();
  const lines = useInfiniteQuery({
    queryKey: ["requests", source ?? ""],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/requests", { params: { query: { source, limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (page) => page.next_cursor || undefined,
    refetchInterval: 15_000,
  });
  const items = lines.data?.pages.flatMap((p) => p.items ?? []) ?? [];
  const sourceName = (id: string) => sources.data?.find((s) => s.id === id)?.name;
  const from = (l: Line) => {
    const name = sourceName(l.source_id);
    return name ? <Place to={`/sources/${l.source_id}`}>{name}</Place> : "one that was deleted";
  };
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description="By day, UTC, and by operation. Requests that AWS answers with an error are free.">Spent on requests</Header>}>
        <Spend source={source} />
      </Container>
      <Table
        header={<Header variant="h2" description="A line for each attempt at each page, written down before it is sent. Its time leads to its run.">Ledger</Header>}
        loading={lines.isPending}
        loadingText="Reading the ledger…"
        empty="Nothing was asked yet."
        wrapLines
        items={items}
        trackBy="id"
        columnDefinitions={[
          { id: "at", header: "When", cell: (l) => <Place to={`/runs/${l.run_id}`}>{when(l.at)}</Place>, isRowHeader: true, minWidth: 160 },
          { id: "operation", header: "Operation", cell: (l) => l.operation, minWidth: 160 },
          ...(source ? [] : [{ id: "source", header: "Source", cell: from, minWidth: 120 }]),
          { id: "stream", header: "Stream", cell: (l) => streamName(l.stream), minWidth: 130 },
          { id: "page", header: "Page", cell: (l) => l.page },
          { id: "attempt", header: "Attempt", cell: (l) => l.attempt || "none needed" },
          { id: "state", header: "What became of it", cell: became, minWidth: 150 },
          { id: "usd", header: "Estimated price", cell: (l) => money(l.usd, "USD"), minWidth: 100 },
          ...(source ? [] : [{ id: "access", header: "Asked with", cell: (l: Line) => accessName(l.access), minWidth: 140 }]),
        ]}
        footer={
          <SpaceBetween size="s">
            <Failure error={lines.error} retry={() => void lines.refetch()} />
            {lines.hasNextPage && (
              <Button loading={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
                Show older ones
              </Button>
            )}
          </SpaceBetween>
        }
      />
    </SpaceBetween>
  );
}

function became(l: Line) {
  const told = [l.status ? `HTTP ${l.status}` : "", l.code ?? ""].filter(Boolean).join(", ");
  return (
    <>
      <Status of={l.state === "unknown" ? "unanswered" : l.state} />
      {told && ` ${told}`}
    </>
  );
}
