import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Run } from "../../api/client";
import { Failure } from "../../part/failure";
import { count, when } from "../../part/format";
import { Status } from "../../part/status";

const live = (r: Run) => r.state === "queued" || r.state === "running";

export function RunTable({ title, items, loading }: { title: string; items: Run[]; loading: boolean }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: (run: string) => answer(api.POST("/api/v1/runs/{run}/cancel", { params: { path: { run } } })),
    onSettled: () => void queries.invalidateQueries(),
  });
  return (
    <>
      <Failure error={cancel.error} />
      <Table
        header={<Header variant="h2">{title}</Header>}
        loading={loading}
        loadingText="Reading runs…"
        empty="Nothing has run yet."
        items={items}
        columnDefinitions={[
          { id: "kind", header: "Run", cell: (r) => r.kind, isRowHeader: true },
          { id: "state", header: "State", cell: (r) => <Status of={r.state} /> },
          { id: "progress", header: "Progress", cell: (r) => <Progress of={r} /> },
          { id: "began", header: "Began", cell: (r) => when(r.started_at ?? r.created_at) },
          { id: "ended", header: "Ended", cell: (r) => when(r.finished_at) },
          { id: "cancel", header: "Cancel", cell: (r) => (live(r) ? <Button onClick={() => cancel.mutate(r.id)}>Cancel</Button> : "–") },
        ]}
      />
    </>
  );
}

function Progress({ of: r }: { of: Run }) {
  const p = r.progress;
  if (r.error) return <Box>{`${r.error.message} ${r.error.hint ?? ""}`}</Box>;
  if (!live(r)) return <Box>{p.rows ? `${count(p.rows)} line items` : p.step}</Box>;
  if (!p.total) return <Box>{p.step || "waiting"}</Box>;
  return <ProgressBar value={(100 * (p.done ?? 0)) / p.total} description={p.step} additionalInfo={p.rows ? `${count(p.rows)} line items` : undefined} ariaLabel={`Progress of ${r.kind}`} />;
}
