import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Run } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { count, when } from "../../part/format";
import { Status } from "../../part/status";
import { To } from "../account/columns";

export const live = (r: Run) => r.state === "queued" || r.state === "running";

export const kindsOfRun: Record<string, string> = {
  check: "Check and confirm",
  import: "Import of bills",
  members: "Check of linked accounts",
  members_failed: "Check of linked accounts that failed",
  sync: "Look at the organization",
  source: "Cost Explorer source",
  deliver: "Delivery to a destination",
};

export const nameOfRun = (r: Run): string => kindsOfRun[r.kind] ?? r.kind.replaceAll("_", " ");

// useCancel ends a run.
export function useCancel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (run: string) => answer(api.POST("/api/v1/runs/{run}/cancel", { params: { path: { run } } })),
    onSettled: () => void queries.invalidateQueries(),
  });
}

export function RunTable({ title, items, loading, names }: { title: string; items: Run[]; loading: boolean; names?: Map<string, string> }) {
  const may = useMay();
  const cancel = useCancel();
  return (
    <>
      <Failure error={cancel.error} />
      <Table
        header={<Header variant="h2">{title}</Header>}
        loading={loading}
        loadingText="Reading runs…"
        empty="Nothing has run yet."
        items={items}
        trackBy="id"
        columnDefinitions={[
          { id: "kind", header: "Run", cell: (r) => <To href={`/runs/${r.id}`}>{nameOfRun(r)}</To>, isRowHeader: true },
          ...(names ? [{ id: "account", header: "About", cell: (r: Run) => names.get(r.account_id ?? "") ?? "–" }] : []),
          { id: "state", header: "State", cell: (r) => <Status of={r.state} /> },
          { id: "progress", header: "Progress", cell: (r) => <Progress of={r} /> },
          { id: "began", header: "Began", cell: (r) => when(r.started_at ?? r.created_at) },
          { id: "ended", header: "Ended", cell: (r) => when(r.finished_at) },
          ...(may("accounts:check") ? [{ id: "cancel", header: "Cancel", cell: (r: Run) => (live(r) ? <Button ariaLabel={`Cancel ${nameOfRun(r)}`} loading={cancel.isPending && cancel.variables === r.id} onClick={() => cancel.mutate(r.id)}>Cancel</Button> : "–") }] : []),
        ]}
      />
    </>
  );
}

export function Progress({ of: r }: { of: Run }) {
  const p = r.progress;
  if (r.error) return <Box>{`${r.error.message} ${r.error.hint ?? ""}`}</Box>;
  if (!live(r)) return <Box>{p.rows ? `${count(p.rows)} line items` : p.step || "–"}</Box>;
  if (!p.total) return <Box>{p.step || "waits for a free worker"}</Box>;
  return <ProgressBar value={(100 * (p.done ?? 0)) / p.total} description={p.step} additionalInfo={p.rows ? `${count(p.rows)} line items` : undefined} ariaLabel={`Progress of ${nameOfRun(r)}`} />;
}
