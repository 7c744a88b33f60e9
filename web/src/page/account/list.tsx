import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CollectionPreferences from "@cloudscape-design/components/collection-preferences";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter from "@cloudscape-design/components/property-filter";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useCollection } from "@cloudscape-design/collection-hooks";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useAccounts } from "../../api/account";
import type { Account } from "../../api/client";
import { Failure } from "../../part/failure";
import { kinds, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";

export function Component() {
  const go = useNavigate();
  const accounts = useAccounts();
  const [shown, setShown] = useState(["name", "account_id", "kind", "status", "access", "export", "members", "data", "checked"]);
  const [size, setSize] = useState(50);
  useHelp("Accounts", <p>Each badge is the state of one thing that an access allows. Open an account to see its findings, and what to do.</p>);
  const { items, collectionProps, propertyFilterProps, filteredItemsCount, paginationProps } = useCollection(accounts.data ?? [], {
    propertyFiltering: {
      filteringProperties: [
        { key: "name", propertyLabel: "Name", groupValuesLabel: "Names", operators: [":", "=", "!="] },
        { key: "account_id", propertyLabel: "Account", groupValuesLabel: "Accounts", operators: [":", "=", "!="] },
        { key: "kind", propertyLabel: "Kind", groupValuesLabel: "Kinds", operators: ["=", "!="] },
        { key: "method", propertyLabel: "Method", groupValuesLabel: "Methods", operators: ["=", "!="] },
      ],
      empty: <Empty />,
      noMatch: <Box textAlign="center">No account fits the filter.</Box>,
    },
    sorting: { defaultState: { sortingColumn: { sortingField: "name" } } },
    pagination: { pageSize: size },
  });
  if (accounts.error) return <Failure error={accounts.error} retry={() => void accounts.refetch()} />;
  return (
    <Table<Account>
      {...collectionProps}
      variant="full-page"
      stickyHeader
      items={items}
      loading={accounts.isPending}
      loadingText="Reading accounts…"
      columnDefinitions={columns}
      columnDisplay={columns.map((c) => ({ id: c.id ?? "", visible: shown.includes(c.id ?? "") }))}
      enableKeyboardNavigation
      header={
        <Header
          variant="awsui-h1-sticky"
          counter={`(${accounts.data?.length ?? 0})`}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Read again" onClick={() => void accounts.refetch()} />
              <Button onClick={() => download(accounts.data ?? [])}>Download CSV</Button>
              <Button variant="primary" onClick={() => void go("/accounts/register")}>
                Register an account
              </Button>
            </SpaceBetween>
          }
        >
          Accounts
        </Header>
      }
      filter={<PropertyFilter {...propertyFilterProps} filteringPlaceholder="Find accounts" filteringAriaLabel="Find accounts" countText={`${filteredItemsCount ?? 0} found`} />}
      pagination={<Pagination {...paginationProps} />}
      preferences={
        <CollectionPreferences
          title="Columns"
          confirmLabel="Use"
          cancelLabel="Leave"
          preferences={{ pageSize: size, visibleContent: shown }}
          pageSizePreference={{ title: "Accounts on a page", options: [20, 50, 200].map((n) => ({ value: n, label: String(n) })) }}
          visibleContentPreference={{ title: "Columns", options: [{ label: "Account", options: columns.map((c) => ({ id: c.id ?? "", label: String(c.header), editable: c.id !== "name" })) }] }}
          onConfirm={({ detail }) => {
            setSize(detail.pageSize ?? size);
            setShown([...(detail.visibleContent ?? shown)]);
          }}
        />
      }
    />
  );
}

function Empty() {
  const go = useNavigate();
  return (
    <Box textAlign="center">
      <SpaceBetween size="m">
        <b>No account is registered yet</b>
        <Button onClick={() => void go("/accounts/register")}>Register an account</Button>
      </SpaceBetween>
    </Box>
  );
}

function Name({ of }: { of: Account }) {
  const go = useNavigate();
  const href = `/accounts/${of.account_id}`;
  return (
    <Link
      href={href}
      onFollow={(e) => {
        e.preventDefault();
        void go(href);
      }}
    >
      {of.name}
    </Link>
  );
}

const state = (name: string) => (a: Account) => <Status of={a.status.capabilities[name] ?? "not_set_up"} />;

const columns: TableProps.ColumnDefinition<Account>[] = [
  { id: "name", header: "Name", cell: (a) => <Name of={a} />, sortingField: "name", isRowHeader: true },
  { id: "account_id", header: "Account", cell: (a) => a.account_id, sortingField: "account_id" },
  { id: "kind", header: "Kind", cell: (a) => kinds[a.kind] ?? a.kind, sortingField: "kind" },
  { id: "payer", header: "Payer", cell: (a) => a.payer_id ?? "–", sortingField: "payer_id" },
  { id: "method", header: "Method", cell: (a) => a.method, sortingField: "method" },
  { id: "status", header: "Status", cell: (a) => <Status of={a.status.summary} /> },
  { id: "access", header: "API access", cell: state("access") },
  { id: "export", header: "Export", cell: state("billing_export") },
  { id: "members", header: "Linked accounts", cell: state("member_access") },
  { id: "data", header: "Data", cell: (a) => <Status of={a.status.data_arrival} /> },
  { id: "checked", header: "Checked", cell: (a) => when(a.status.checked_at) },
];

// download writes what the table knows. A cell that a spreadsheet would take for a formula is quoted as text.
function download(accounts: Account[]) {
  const cell = (v: string) => `"${(/^[=+\-@\t\r]/.test(v) ? "'" + v : v).replaceAll('"', '""')}"`;
  const rows = accounts.map((a) => [a.account_id, a.name, a.kind, a.payer_id ?? "", a.method, a.status.summary, a.status.data_arrival ?? ""]);
  const text = [["account_id", "name", "kind", "payer_id", "method", "status", "data_arrival"], ...rows].map((r) => r.map(cell).join(",")).join("\r\n");
  const url = URL.createObjectURL(new Blob([text + "\r\n"], { type: "text/csv" }));
  const a = Object.assign(document.createElement("a"), { href: url, download: "accounts.csv" });
  a.click();
  URL.revokeObjectURL(url);
}
