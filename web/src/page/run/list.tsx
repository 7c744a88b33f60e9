import { useQuery } from "@tanstack/react-query";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { RunTable } from "./table";

export function Component() {
  const runs = useQuery({
    queryKey: ["runs"],
    refetchInterval: 2_000,
    queryFn: () => answer(api.GET("/api/v1/runs", { params: { query: { limit: 100 } } })),
  });
  useHelp("Runs", <p>What bursar does in the background: checks and imports. A run that is cancelled leaves nothing behind.</p>);
  return (
    <ContentLayout header={<Header variant="h1">Runs</Header>}>
      <SpaceBetween size="l">
        <Failure error={runs.error} retry={() => void runs.refetch()} />
        <RunTable title="Newest runs" loading={runs.isPending} items={runs.data?.items ?? []} />
      </SpaceBetween>
    </ContentLayout>
  );
}
