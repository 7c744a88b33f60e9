import { useQuery } from "@tanstack/react-query";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { answer, api, pages } from "../../api/client";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { DeliveryTable } from "./table";

export function Component() {
  const deliveries = useQuery({
    queryKey: ["deliveries"],
    refetchInterval: 10_000,
    queryFn: () => pages((cursor) => answer(api.GET("/api/v1/deliveries", { params: { query: { cursor } } }))),
  });
  useHelp("Deliveries", <p>Each is one whole version of one month of one export. The published one counts; the ones before it are kept to compare with.</p>);
  return (
    <ContentLayout header={<Header variant="h1">Deliveries</Header>}>
      <SpaceBetween size="l">
        <Failure error={deliveries.error} retry={() => void deliveries.refetch()} />
        <DeliveryTable title="All deliveries" loading={deliveries.isPending} items={deliveries.data ?? []} />
      </SpaceBetween>
    </ContentLayout>
  );
}
