import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api, pages } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Edit } from "./edit";
import { datasetName, kinds, state, triggers, where } from "./words";

export function Component() {
  const go = useNavigate();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const destinations = useQuery({
    queryKey: ["destinations"],
    queryFn: () => pages((cursor) => answer(api.GET("/api/v1/destinations", { params: { query: { cursor } } }))),
    refetchInterval: 15_000,
  });
  useHelp(
    "Destinations",
    <>
      <p>Where bills are delivered: files, a bucket, a database, a program. Each period is replaced as a whole: a reader sees the old one or the new one.</p>
      <p>A destination is checked before its first use. Nothing is delivered twice, and a delivery that was broken off is made again.</p>
    </>,
  );
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Bills, delivered where they are needed." actions={may("destinations:manage") && <Button variant="primary" onClick={() => setParams({ add: "true" })}>Add destination</Button>}>
          Destinations
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={destinations.error} retry={() => void destinations.refetch()} />
        <Table
          header={<Header variant="h2" counter={`(${destinations.data?.length ?? 0})`}>Destinations</Header>}
          loading={destinations.isPending}
          loadingText="Reading destinations…"
          empty="There is no destination."
          wrapLines
          items={destinations.data ?? []}
          trackBy="id"
          columnDefinitions={[
            {
              id: "name",
              header: "Name",
              isRowHeader: true,
              cell: (d) => (
                <Link
                  href={`/destinations/${d.id}`}
                  onFollow={(e) => {
                    e.preventDefault();
                    void go(`/destinations/${d.id}`);
                  }}
                >
                  {d.name}
                </Link>
              ),
            },
            { id: "state", header: "State", cell: (d) => <Status of={state(d)} /> },
            { id: "kind", header: "Kind", cell: (d) => kinds[d.kind].name },
            { id: "where", header: "Where", cell: where },
            { id: "what", header: "What", cell: (d) => d.datasets?.map(datasetName).join(", ") },
            { id: "when", header: "When", cell: (d) => triggers[d.trigger] },
            { id: "last", header: "Last attempt", cell: (d) => when(d.attempted_at) },
          ]}
        />
        {params.get("add") && <Edit close={() => setParams({})} saved={(d) => void go(`/destinations/${d.id}`)} />}
      </SpaceBetween>
    </ContentLayout>
  );
}
