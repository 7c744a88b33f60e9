import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import { useNavigate } from "react-router";
import type { Account } from "../../api/client";
import { count, kinds, when } from "../../part/format";
import { Status } from "../../part/status";

// To leads to another page without loading the console again.
export function To({ href, children }: { href: string; children: string }) {
  const go = useNavigate();
  return (
    <Link
      href={href}
      onFollow={(e) => {
        e.preventDefault();
        void go(href);
      }}
    >
      {children}
    </Link>
  );
}

const state = (name: string) => (a: Account) => <Status of={a.status.capabilities[name] ?? "not_set_up"} />;
const methods: Record<string, string> = { console: "Console", terraform: "Terraform", role: "Own role", access_key: "Access key" };

type Column = TableProps.ColumnDefinition<Account> & { id: string; header: string };

// The columns. What the server can sort by has its name there as the sorting field.
export const columns: Column[] = [
  { id: "name", header: "Name", cell: (a) => <To href={`/accounts/${a.account_id}`}>{a.name}</To>, sortingField: "name", isRowHeader: true },
  { id: "account_id", header: "Account", cell: (a) => a.account_id, sortingField: "account_id" },
  { id: "kind", header: "Kind", cell: (a) => (kinds[a.kind] ?? a.kind) + (a.linked ? `, ${count(a.linked)} linked` : ""), sortingField: "kind" },
  { id: "status", header: "Status", cell: (a) => <Status of={a.status.summary} />, sortingField: "state" },
  { id: "access", header: "API access", cell: state("access") },
  { id: "export", header: "Export", cell: (a) => (a.kind === "linked" ? "With its payer" : <Status of={a.status.capabilities.billing_export ?? "not_set_up"} />) },
  { id: "members", header: "Linked accounts", cell: (a) => (a.kind === "payer" ? <Status of={a.status.capabilities.member_access ?? "not_set_up"} /> : "–") },
  { id: "inventory", header: "Inventory", cell: state("inventory") },
  { id: "data", header: "Data", cell: (a) => <Status of={a.status.data_arrival} />, sortingField: "data" },
  { id: "payer", header: "Payer", cell: (a) => a.payer_id ?? "–", sortingField: "payer_id" },
  { id: "method", header: "Method", cell: (a) => methods[a.method] ?? a.method, sortingField: "method" },
  { id: "partition", header: "Partition", cell: (a) => a.partition, sortingField: "partition" },
  { id: "checked", header: "Checked", cell: (a) => when(a.status.checked_at), sortingField: "checked_at" },
  { id: "created", header: "Registered", cell: (a) => when(a.created_at), sortingField: "created_at" },
];

export const usual = ["name", "account_id", "kind", "status", "access", "export", "members", "inventory", "data", "checked"];
