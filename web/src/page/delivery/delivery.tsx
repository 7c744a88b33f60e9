import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { answer, api, type Delivery, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { bytes, count, money, sum, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { DeliveryTable } from "./table";

type Change = Schemas["Change"];

export function Component() {
  const { delivery: id = "" } = useParams();
  const path = { path: { delivery: id } };
  const delivery = useQuery({ queryKey: ["delivery", id], queryFn: () => answer(api.GET("/api/v1/deliveries/{delivery}", { params: path })) });
  const changes = useQuery({ queryKey: ["delivery", id, "changes"], queryFn: () => answer(api.GET("/api/v1/deliveries/{delivery}/changes", { params: path })) });
  const d = delivery.data;
  const versions = useQuery({
    queryKey: ["deliveries", "versions", d?.export_id, d?.period],
    enabled: !!d,
    queryFn: async () => (await answer(api.GET("/api/v1/deliveries", { params: { query: { export_id: d?.export_id ?? "", limit: 200 } } }))).items.filter((v) => v.period === d?.period),
  });
  useHelp("Delivery", <p>One whole version of one month. A superseded one can be made to count again while its files are kept; AWS&apos;s next delivery takes its place as usual. Importing again reads what AWS has now.</p>);
  if (delivery.error) return <Failure error={delivery.error} retry={() => void delivery.refetch()} />;
  if (!d) return <Box>Reading the delivery…</Box>;
  return (
    <ContentLayout header={<Header variant="h1" description={`Version ${d.version}`} actions={<Actions of={d} />}>{`Bill of ${d.period}`}</Header>}>
      <SpaceBetween size="l">
        <Container>
          <KeyValuePairs
            columns={4}
            items={[
              { label: "State", value: <SpaceBetween size="xxs"><Status of={d.state} />{d.reason}</SpaceBetween> },
              { label: "Total", value: Object.entries(d.totals).map(([c, a]) => <div key={c} title={`${a} ${c}`}>{money(a, c)}</div>) },
              { label: "Line items", value: count(d.rows) },
              { label: "Delivered size", value: `${count(d.files)} files, ${bytes(d.source_bytes)}` },
              { label: "Written by AWS", value: when(d.delivered_at) },
              { label: "Imported", value: when(d.imported_at) },
              { label: "Files", value: d.collected_at ? `removed ${when(d.collected_at)}` : "kept" },
              { label: "Manifest", value: <Box variant="code">{d.manifest_key}</Box> },
            ]}
          />
        </Container>
        <Failure error={changes.error ?? versions.error} />
        <Changes of={changes.data} loading={changes.isPending} />
        <DeliveryTable title="Versions of this month" loading={versions.isPending} items={versions.data ?? []} />
      </SpaceBetween>
    </ContentLayout>
  );
}

// Actions are to make the delivery count again, and to import its month anew.
function Actions({ of: d }: { of: Delivery }) {
  const go = useNavigate();
  const may = useMay();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const path = { path: { delivery: d.id } };
  const back = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/deliveries/{delivery}/rollback", { params: path })),
    onSuccess: () => setAsking(false),
    onSettled: () => void queries.invalidateQueries(),
  });
  const again = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/deliveries/{delivery}/reimport", { params: path })),
    onSuccess: (run) => void go(`/runs/${run.id}`),
  });
  if (!may("bills:manage")) return null;
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <Button loading={again.isPending} loadingText="Asking for the import" onClick={() => again.mutate()}>
          Import this month again
        </Button>
        {d.state === "superseded" && (
          <Button disabled={!!d.collected_at} disabledReason="Its files have been removed." onClick={() => setAsking(true)}>
            Roll back to this version
          </Button>
        )}
      </SpaceBetween>
      <Failure error={again.error} />
      {asking && (
        <Confirm title="Roll back to this version?" does="Roll back" busy={back.isPending} error={back.error} leave={() => setAsking(false)} go={() => back.mutate()}>
          <Box>
            The version of {when(d.imported_at)} will count for {d.period} at once: {Object.entries(d.totals).map(([c, a]) => money(a, c)).join(", ")} in {count(d.rows)} line items. The version that counts now is kept, and can be rolled back to
            in the same way. AWS&apos;s next delivery takes the place of either.
          </Box>
        </Confirm>
      )}
    </>
  );
}

// Changes shows what the delivery changed against the one before, by service and day. The sums are exact.
function Changes({ of, loading }: { of: Schemas["DeliveryChanges"] | undefined; loading: boolean }) {
  const items = [...(of?.items ?? [])].sort((a, b) => a.service.localeCompare(b.service) || a.day.localeCompare(b.day));
  const negated = (a: string) => (a.startsWith("-") ? a.slice(1) : "-" + a);
  const difference = (c: Change) => sum([c.after, negated(c.before)]);
  const total = of?.changed ? Object.entries(of.changed.totals).map(([c, a]) => money(a, c)).join(", ") : "";
  return (
    <Table<Change>
      header={
        <Header
          variant="h2"
          counter={`(${count(items.length)})`}
          description={of?.changed ? `In all ${total || "no difference in cost"}, and ${count(of.changed.rows)} line items more.` : of ? "It was the first of its month: there is nothing to compare it with." : undefined}
        >
          What it changed
        </Header>
      }
      loading={loading}
      loadingText="Reading what has changed…"
      empty={of?.changed ? "No day of any service costs more or less than before." : "Nothing was there before."}
      items={items}
      columnDefinitions={[
        { id: "service", header: "Service", cell: (c) => c.service, isRowHeader: true },
        { id: "day", header: "Day", cell: (c) => c.day },
        { id: "before", header: "Before", cell: (c) => <span title={`${c.before} ${c.currency}`}>{money(c.before, c.currency)}</span> },
        { id: "after", header: "In this one", cell: (c) => <span title={`${c.after} ${c.currency}`}>{money(c.after, c.currency)}</span> },
        { id: "difference", header: "Difference", cell: (c) => <span title={`${difference(c)} ${c.currency}`}>{money(difference(c), c.currency)}</span> },
      ]}
    />
  );
}
