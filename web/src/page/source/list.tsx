import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api, pages } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { money } from "../../part/format";
import { Place } from "../../part/place";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { useAccessName } from "./access";
import { Edit } from "./edit";
import { schedule, standing, state } from "./words";

// useSources asks for all sources.
export const useSources = () =>
  useQuery({ queryKey: ["sources"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/sources", { params: { query: { cursor } } }))), refetchInterval: 15_000 });

export function Component() {
  const go = useNavigate();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const sources = useSources();
  const accessName = useAccessName();
  useHelp(
    "Sources",
    <>
      <p>A source asks AWS Cost Explorer for what a bill does not tell: figures within minutes, forecasts, recommendations.</p>
      <p>AWS charges {"$0.01"} for each request that it answers, page by page. So the price is said before, every attempt is in the ledger, and a budget stops before the request that would pass it.</p>
    </>,
  );
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="What Cost Explorer is asked for, and what that costs."
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button onClick={() => void go("/requests")}>Paid requests</Button>
              {may("bills:manage") && (
                <Button variant="primary" onClick={() => setParams({ add: "true" })}>
                  Add source
                </Button>
              )}
            </SpaceBetween>
          }
        >
          Sources
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={sources.error} retry={() => void sources.refetch()} />
        <Table
          header={<Header variant="h2" counter={`(${sources.data?.length ?? 0})`}>Sources</Header>}
          loading={sources.isPending}
          loadingText="Reading sources…"
          empty="There is no source."
          wrapLines
          items={sources.data ?? []}
          trackBy="id"
          columnDefinitions={[
            { id: "name", header: "Name", isRowHeader: true, cell: (s) => <Place to={`/sources/${s.id}`}>{s.name}</Place>, minWidth: 140 },
            { id: "state", header: "State", cell: (s) => <Status of={state(s)} />, minWidth: 140 },
            { id: "streams", header: "Streams", cell: (s) => standing(s.status ?? []), minWidth: 130 },
            { id: "with", header: "Asks with", cell: (s) => accessName(s.account ?? s.credential ?? ""), minWidth: 160 },
            { id: "spent", header: "Spent this month", cell: (s) => `${money(s.spent_month, "USD")} of ${money(s.budget.month, "USD")}`, minWidth: 130 },
            { id: "when", header: "When", cell: (s) => schedule(s.every_hours), minWidth: 120 },
          ]}
        />
        {params.get("add") && <Edit close={() => setParams({})} saved={(s) => void go(`/sources/${s.id}`)} />}
      </SpaceBetween>
    </ContentLayout>
  );
}
