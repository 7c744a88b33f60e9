import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useCollection } from "@cloudscape-design/collection-hooks";
import { memo, type ReactNode } from "react";
import type { CostAnswer } from "../../api/client";
import { Money } from "../../part/amount";
import { Place } from "../../part/place";
import { type Amount, change, compare, count, difference } from "../../part/format";
import type { Doors } from "./chart";
import { type Line, timeLabel, timesOf } from "./series";
import { labelOf } from "./words";

// mostTimes is how many columns a table can have. The chart and an export have them all.
const mostTimes = 62;

interface Props extends Doors {
  answer: CostAnswer | undefined;
  lines: Line[];
  loading: boolean;
  actions: ReactNode;
  showAll: () => void;
  named: (dimension: string, value: string) => string;
}

// CostTable has a row for each group, and a column for each time. A group leads to what it is made of, an amount to its line items.
export const CostTable = memo(function CostTable({ answer, lines, loading, actions, showAll, named, narrower, items: open }: Props) {
  const { items, collectionProps, paginationProps } = useCollection(lines, { sorting: {}, pagination: { pageSize: 50 } });
  const usage = answer?.metric === "usage";
  const of = (l: Line, a: string): Amount => (usage ? { amount: a, unit: l.unit } : { amount: a, currency: l.unit });
  const total: TableProps.ColumnDefinition<Line> = {
    id: "total", header: "Total", cell: (l) => <Money of={of(l, l.total)} onFollow={l.rest ? undefined : () => open(l, "")} label={`line items of ${l.name}`} />, sortingComparator: (a, b) => compare(a.total, b.total),
  };
  const columns = [...groupColumns(answer, named, narrower, showAll), total, ...(answer?.previous ? comparison(of) : []), ...timeColumns(answer, of, open)];
  const times = answer ? timesOf(answer).length : 0;
  return (
    <Table
      {...collectionProps}
      header={
        <Header variant="h2" counter={`(${count(lines.length)})`} description={times > mostTimes && answer?.granularity !== "total" ? `${count(times)} times are too many columns: the chart and an export have them.` : undefined} actions={<SpaceBetween direction="horizontal" size="xs">{actions}</SpaceBetween>}>
          {answer && answer.group_by.length > 0 ? answer.group_by.map(labelOf).join(", ") : "All costs"}
        </Header>
      }
      loading={loading}
      loadingText="Adding up…"
      empty={<Box textAlign="center">No bill of this time has such costs. Take a filter away, or choose another time.</Box>}
      items={items}
      trackBy={(l) => `${l.unit} ${l.groups ? JSON.stringify(l.groups) : ""}`}
      columnDefinitions={columns}
      stickyColumns={{ first: 1 }}
      pagination={<Pagination {...paginationProps} />}
      contentDensity="compact"
      enableKeyboardNavigation
    />
  );
});

function groupColumns(answer: CostAnswer | undefined, named: Props["named"], narrower: Props["narrower"], showAll: () => void): TableProps.ColumnDefinition<Line>[] {
  const names = answer?.group_by ?? [];
  if (names.length === 0) return [{ id: "all", header: "Costs", cell: (l) => l.name, isRowHeader: true }];
  return names.map((g, i) => ({
    id: g,
    header: labelOf(g),
    isRowHeader: i === 0,
    sortingComparator: (a: Line, b: Line) => (a.groups?.[g] ?? "￿").localeCompare(b.groups?.[g] ?? "￿"),
    cell: (l: Line) => {
      if (!l.groups) return i > 0 ? "" : <>{l.name} <Button variant="inline-link" onClick={showAll}>Show all</Button></>;
      const text = named(g, l.groups[g] ?? "") || "No value";
      return i === 0 ? <Place to={narrower(l)}>{text}</Place> : text;
    },
  }));
}

function comparison(of: (l: Line, a: string) => Amount): TableProps.ColumnDefinition<Line>[] {
  return [
    { id: "before", header: "Before", cell: (l) => <Money of={of(l, l.before)} />, sortingComparator: (a, b) => compare(a.before, b.before) },
    {
      id: "change", header: "Change",
      cell: (l) => <SpaceBetween direction="horizontal" size="xs"><Money of={of(l, difference(l.total, l.before))} />{change(l.total, l.before) || (compare(l.total, "0") !== 0 ? "new" : "")}</SpaceBetween>,
      sortingComparator: (a, b) => compare(difference(a.total, a.before), difference(b.total, b.before)),
    },
  ];
}

function timeColumns(answer: CostAnswer | undefined, of: (l: Line, a: string) => Amount, open: Props["items"]): TableProps.ColumnDefinition<Line>[] {
  if (!answer || answer.granularity === "total") return [];
  const times = timesOf(answer);
  if (times.length > mostTimes) return [];
  return times.map((t) => ({
    id: t,
    header: timeLabel(t, answer),
    cell: (l: Line) => {
      const a = l.amounts.get(t);
      return a === undefined ? "–" : <Money of={of(l, a)} onFollow={l.rest ? undefined : () => open(l, t)} label={`line items of ${l.name}, ${timeLabel(t, answer)}`} />;
    },
    sortingComparator: (a: Line, b: Line) => compare(a.amounts.get(t) ?? "0", b.amounts.get(t) ?? "0"),
  }));
}
