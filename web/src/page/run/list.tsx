import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { RunTable } from "./table";

export function Component() {
  const runs = useInfiniteQuery({
    queryKey: ["runs", "list"],
    initialPageParam: "",
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/runs", { params: { query: { limit: 50, cursor: pageParam || undefined } } })),
    getNextPageParam: (last) => last.next_cursor || undefined,
  });
  useHelp("Runs", <p>What bursar does in the background: checks and imports. A run that is cancelled leaves nothing behind. Open one to follow it, and to see what it found.</p>);
  return (
    <ContentLayout header={<Header variant="h1">Runs</Header>}>
      <SpaceBetween size="l">
        <Failure error={runs.error} retry={() => void runs.refetch()} />
        <RunTable title="Newest runs" loading={runs.isPending} items={runs.data?.pages.flatMap((p) => p.items) ?? []} />
        {runs.hasNextPage && (
          <Button loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            Show older ones
          </Button>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}
