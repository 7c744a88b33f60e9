import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import type { Delivery, Export } from "../../api/client";
import { bytes, count, money, when } from "../../part/format";
import { Status } from "../../part/status";
import { To } from "../account/columns";

// DeliveryTable shows the versions of bills as a timeline: by month, the newest version first.
export function DeliveryTable({ title, items, loading, exports }: { title: string; items: Delivery[]; loading: boolean; exports?: Export[] }) {
  const sorted = [...items].sort((a, b) => b.period.localeCompare(a.period) || (b.imported_at ?? "").localeCompare(a.imported_at ?? ""));
  const nameOf = (id: string) => exports?.find((e) => e.id === id)?.name ?? id;
  return (
    <Table
      header={<Header variant="h2" counter={`(${items.length})`}>{title}</Header>}
      loading={loading}
      loadingText="Reading deliveries…"
      empty="Nothing has been delivered yet: AWS delivers for the first time within 24 hours."
      items={sorted}
      trackBy="id"
      enableKeyboardNavigation
      columnDefinitions={[
        { id: "period", header: "Month", cell: (d) => <To href={`/deliveries/${d.id}`}>{d.period}</To>, isRowHeader: true },
        { id: "state", header: "State", cell: (d) => <Box><Status of={d.state} /> {d.reason}</Box> },
        ...(exports && exports.length > 1 ? [{ id: "export", header: "Export", cell: (d: Delivery) => nameOf(d.export_id) }] : []),
        { id: "totals", header: "Total", cell: (d) => Object.entries(d.totals ?? {}).map(([c, a]) => <div key={c} title={`${a} ${c}`}>{money(a, c)}</div>) },
        { id: "rows", header: "Line items", cell: (d) => count(d.rows) },
        { id: "size", header: "Delivered size", cell: (d) => `${count(d.files)} files, ${bytes(d.source_bytes)}` },
        { id: "delivered", header: "Written by AWS", cell: (d) => when(d.delivered_at) },
        { id: "imported", header: "Imported", cell: (d) => when(d.imported_at) },
      ]}
    />
  );
}
