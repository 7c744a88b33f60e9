import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useCollection } from "@cloudscape-design/collection-hooks";
import type { CostAnswer } from "../../api/client";
import { amount, count, exact } from "../../part/format";

type Row = CostAnswer["rows"][number];

export function CostTable({ answer, loading }: { answer: CostAnswer | undefined; loading: boolean }) {
  const { items, collectionProps, paginationProps } = useCollection(answer?.rows ?? [], { sorting: {}, pagination: { pageSize: 50 } });
  const groups = answer?.group_by ?? [];
  const columns: TableProps.ColumnDefinition<Row>[] = [
    { id: "start", header: "Time", cell: (r) => (answer?.granularity === "monthly" ? r.start.slice(0, 7) : r.start), sortingField: "start", isRowHeader: true },
    ...groups.map((g) => ({ id: g, header: g.replaceAll("_", " "), cell: (r: Row) => r.groups?.[g] || "–" })),
    { id: "amount", header: "Amount", cell: (r) => <span title={exact(r)}>{amount(r)}</span>, sortingComparator: (a, b) => Number(a.amount) - Number(b.amount) },
    { id: "exact", header: "Exact", cell: exact },
  ];
  return (
    <Table
      {...collectionProps}
      header={
        <Header variant="h2" counter={`(${count(answer?.rows.length ?? 0)})`} actions={<Button disabled={!answer} onClick={() => answer && download(answer)}>Download CSV</Button>}>
          Rows
        </Header>
      }
      loading={loading}
      loadingText="Adding up…"
      empty="No cost in this time."
      items={items}
      columnDefinitions={columns}
      pagination={<Pagination {...paginationProps} />}
      enableKeyboardNavigation
    />
  );
}

// download writes the rows, exact. A cell that a spreadsheet would take for a formula is quoted as text.
function download(answer: CostAnswer) {
  const cell = (v: string) => `"${(/^[=+@\t\r]/.test(v) ? "'" + v : v).replaceAll('"', '""')}"`;
  const header = ["start", ...answer.group_by, "amount", "currency"];
  const rows = answer.rows.map((r) => [r.start, ...answer.group_by.map((g) => r.groups?.[g] ?? ""), r.amount, r.currency ?? r.unit ?? ""]);
  const text = [header, ...rows].map((r) => r.map(cell).join(",")).join("\r\n") + "\r\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href: url, download: `costs-${answer.from}-${answer.to}.csv` }).click();
  URL.revokeObjectURL(url);
}
