import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { answer, api, type Account } from "../../api/client";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { Status } from "../../part/status";

// Events shows what has changed, and since when.
export function Events({ account }: { account: Account }) {
  const events = useQuery({
    queryKey: ["events", account.id],
    queryFn: () => answer(api.GET("/api/v1/accounts/{account}/events", { params: { path: { account: account.account_id } } })),
  });
  return (
    <>
      <Failure error={events.error} />
      <Table
        header={<Header variant="h2">What has changed</Header>}
        loading={events.isPending}
        loadingText="Reading events…"
        empty="Nothing has changed since the account was registered."
        items={events.data?.items ?? []}
        columnDefinitions={[
          { id: "at", header: "When", cell: (e) => when(e.at), isRowHeader: true },
          { id: "about", header: "About", cell: (e) => [e.about.replaceAll("_", " "), e.subject?.replaceAll("_", " ")].filter(Boolean).join(": ") },
          { id: "from", header: "From", cell: (e) => (e.from ? <Status of={e.from} /> : "–") },
          { id: "to", header: "To", cell: (e) => <Status of={e.to} /> },
          { id: "message", header: "Why", cell: (e) => e.message || "–" },
        ]}
      />
    </>
  );
}
