import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Account, pages } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { DeliveryTable } from "../delivery/table";

export function Bills({ account }: { account: Account }) {
  const queries = useQueryClient();
  const may = useMay();
  const exports = useQuery({
    queryKey: ["exports", account.id],
    queryFn: () => answer(api.GET("/api/v1/exports", { params: { query: { account: account.account_id } } })),
  });
  const deliveries = useQuery({
    queryKey: ["deliveries", account.id, exports.data?.items.map((e) => e.id)],
    enabled: !!exports.data,
    queryFn: async () => {
      const lists = await Promise.all(
        (exports.data?.items ?? []).map((e) => pages((cursor) => answer(api.GET("/api/v1/deliveries", { params: { query: { export_id: e.id, cursor } } })))),
      );
      return lists.flat();
    },
  });
  const look = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/accounts/{account}/import", { params: { path: { account: account.account_id } } })),
    onSettled: () => void queries.invalidateQueries(),
  });
  return (
    <SpaceBetween size="l">
      <Failure error={exports.error ?? deliveries.error ?? look.error} />
      <Table
        header={
          <Header variant="h2" actions={may("accounts:check") && <Button loading={look.isPending} onClick={() => look.mutate()}>Look for deliveries now</Button>}>
            Exports
          </Header>
        }
        loading={exports.isPending}
        loadingText="Reading exports…"
        empty="No export is followed yet. The set-up says what to do."
        items={exports.data?.items ?? []}
        columnDefinitions={[
          { id: "name", header: "Export", cell: (e) => e.name, isRowHeader: true },
          { id: "format", header: "Format", cell: (e) => `${e.format}, ${e.file_format}` },
          { id: "versioning", header: "Versions", cell: (e) => (e.versioning === "OVERWRITE_REPORT" ? "overwritten" : "kept by AWS") },
          { id: "bucket", header: "Bucket", cell: (e) => `${e.bucket} (${e.region})` },
          { id: "prefix", header: "Prefix", cell: (e) => e.prefix || "–" },
        ]}
      />
      <DeliveryTable title="Deliveries" loading={deliveries.isPending && !!exports.data} items={deliveries.data ?? []} exports={exports.data?.items ?? []} />
    </SpaceBetween>
  );
}
