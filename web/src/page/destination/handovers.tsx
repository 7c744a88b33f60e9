import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { answer, api, type Run } from "../../api/client";
import { useMay } from "../../api/me";
import { watchRun } from "../../api/events";
import { Failure } from "../../part/failure";
import { bytes, count, exact, when } from "../../part/format";
import { Status } from "../../part/status";
import { datasetName, type Destination } from "./words";

// Handovers are what was delivered, part by part, and the button that delivers now.
export function Handovers({ of: d }: { of: Destination }) {
  const go = useNavigate();
  const may = useMay();
  const queries = useQueryClient();
  const [run, setRun] = useState<Run | null>(null);
  const leave = useRef(new AbortController());
  useEffect(() => {
    leave.current = new AbortController();
    return () => leave.current.abort();
  }, []);
  const parts = useInfiniteQuery({
    queryKey: ["handovers", d.id],
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/destinations/{destination}/deliveries", { params: { path: { destination: d.id }, query: { limit: 50, cursor: pageParam || undefined } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    refetchInterval: 15_000,
  });
  const deliver = useMutation({
    mutationFn: async () => {
      const begun = await answer(api.POST("/api/v1/destinations/{destination}/run", { params: { path: { destination: d.id } } }));
      setRun(begun);
      setRun(await watchRun(begun.id, (e) => "run" in e && setRun(e.run), leave.current.signal));
      await Promise.all([queries.invalidateQueries({ queryKey: ["handovers", d.id] }), queries.invalidateQueries({ queryKey: ["destination", d.id] })]);
    },
  });
  const items = parts.data?.pages.flatMap((p) => p.items ?? []) ?? [];
  return (
    <Table
      header={
        <Header
          variant="h2"
          description={run ? <Going of={run} open={() => void go("/runs")} /> : undefined}
          actions={
            may("destinations:deliver") && <Button disabled={!d.usable} disabledReason="Check it first." loading={deliver.isPending} loadingText="Delivering" onClick={() => deliver.mutate()}>
              Deliver now
            </Button>
          }
        >
          Delivered
        </Header>
      }
      loading={parts.isPending}
      loadingText="Reading what was delivered…"
      empty="Nothing was delivered yet."
      wrapLines
      items={items}
      trackBy="id"
      footer={
        <SpaceBetween size="s">
          <Failure error={parts.error ?? deliver.error} />
          {parts.hasNextPage && (
            <Button loading={parts.isFetchingNextPage} onClick={() => void parts.fetchNextPage()}>
              Show more
            </Button>
          )}
        </SpaceBetween>
      }
      columnDefinitions={[
        { id: "at", header: "When", cell: (h) => when(h.at), isRowHeader: true, minWidth: 180 },
        { id: "period", header: "Period", cell: (h) => h.period, minWidth: 100 },
        { id: "dataset", header: "What", cell: (h) => datasetName(h.dataset), minWidth: 120 },
        { id: "did", header: "Done", cell: (h) => (h.withdrawn ? <StatusIndicator type="stopped">Withdrawn</StatusIndicator> : <StatusIndicator type="success">Delivered</StatusIndicator>), minWidth: 130 },
        { id: "rows", header: "Rows", cell: (h) => count(h.rows) },
        { id: "totals", header: "Totals", cell: (h) => Object.entries(h.totals ?? {}).map(([currency, amount]) => exact({ amount, currency })).join(", ") || "–", minWidth: 160 },
        { id: "bytes", header: "Size", cell: (h) => (h.bytes ? bytes(h.bytes) : "–") },
        { id: "version", header: "Version", cell: (h) => h.version },
      ]}
    />
  );
}

function Going({ of: run, open }: { of: Run; open: () => void }) {
  return (
    <span role="status">
      <Status of={run.state} /> {run.error?.message ?? run.progress.step}{" "}
      <Link
        href="/runs"
        onFollow={(e) => {
          e.preventDefault();
          open();
        }}
      >
        Runs
      </Link>
    </span>
  );
}
