import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { DeliveryTable } from "./table";

const every = { value: "", label: "Every export" };

export function Component() {
  const [params, setParams] = useSearchParams();
  const chosen = params.get("export") ?? "";
  const exports = useQuery({ queryKey: ["exports"], queryFn: () => answer(api.GET("/api/v1/exports")) });
  const deliveries = useInfiniteQuery({
    queryKey: ["deliveries", "list", chosen],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/deliveries", { params: { query: { export_id: chosen || undefined, cursor: pageParam || undefined, limit: 100 } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  useHelp("Deliveries", <p>Each is one whole version of one month of one export. The published one counts; the ones before it are kept to compare with, and to roll back to. Open one to see what it changed.</p>);
  const options = [every, ...(exports.data?.items ?? []).map((e) => ({ value: e.id, label: e.name, description: e.bucket }))];
  return (
    <ContentLayout header={<Header variant="h1">Deliveries</Header>}>
      <SpaceBetween size="l">
        <Failure error={deliveries.error ?? exports.error} retry={() => void deliveries.refetch()} />
        <FormField label="Export">
          <Select
            selectedOption={options.find((o) => o.value === chosen) ?? every}
            options={options}
            onChange={({ detail }) => setParams(detail.selectedOption.value ? { export: detail.selectedOption.value } : {}, { replace: true })}
          />
        </FormField>
        <DeliveryTable title="Newest deliveries" loading={deliveries.isPending} items={deliveries.data?.pages.flatMap((p) => p.items) ?? []} exports={exports.data?.items ?? []} />
        {deliveries.hasNextPage && (
          <Button loading={deliveries.isFetchingNextPage} onClick={() => void deliveries.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
