import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useCollection } from "@cloudscape-design/collection-hooks";
import { useNavigate } from "react-router";
import type { Schemas } from "../../api/client";
import { count } from "../../part/format";
import { csv, save } from "../../part/save";
import { sentence } from "./access";
import { columns, type Row } from "./csv";
import { Named } from "./list";

// Answer is what became of a row; without a reply it was not sent.
export interface Answer {
  row: Row;
  reply: Schemas["AddedReply"] | undefined;
}

const outcome = (a: Answer) => a.reply?.outcome ?? "not_sent";
const failed = (a: Answer) => ["refused", "not_sent"].includes(outcome(a));
const why = (a: Answer) => (a.reply ? (a.reply.problem?.detail ?? "") : a.row.problem);
const todo = (a: Answer) => (a.reply ? (a.reply.problem?.hint ?? "") : a.row.hint);

// Answers tells row by row what became of a list.
export function Answers({ items }: { items: Answer[] }) {
  const n = (what: string) => items.filter((a) => outcome(a) === what).length;
  const bad = items.filter(failed);
  const sorted = [...items].sort((a, b) => Number(!failed(a)) - Number(!failed(b)));
  const shown = useCollection(sorted, { pagination: { pageSize: 25 } });
  const failures = () => csv([[...columns, "problem", "what_to_do"], ...bad.map((a) => [...columns.map((c) => a.row.values[c] ?? ""), why(a), todo(a)])]);
  const all = () => csv([["account_id", "name", "outcome", "external_id", "role_arn"], ...items.map((a) => [a.row.values.account_id ?? "", a.row.values.name ?? "", outcome(a), a.reply?.external_id ?? "", a.reply?.role_arn ?? ""])]);
  return (
    <SpaceBetween size="l">
      {bad.length === 0 ? (
        <Alert type="success" header={`${count(items.length)} accounts are registered`}>
          Each waits for its access to be set up: open it below, or hand the external ids and role names on to whoever makes the roles.
        </Alert>
      ) : (
        <Alert type="warning" header={`${count(bad.length)} of ${count(items.length)} were not registered`} action={<Button iconName="download" onClick={() => save("failures.csv", "text/csv", failures())}>Download the failures</Button>}>
          The others are. Mend the failures in the file, and give it here again: its two last columns say why, and are passed over.
        </Alert>
      )}
      <Table<Answer>
        wrapLines
        header={
          <Header
            variant="h2"
            counter={`(${count(items.length)})`}
            description={`${count(n("added"))} registered, ${count(n("unchanged"))} were registered already, ${count(n("refused"))} refused, ${count(n("not_sent"))} not sent`}
            actions={<Button iconName="download" onClick={() => save("answers.csv", "text/csv", all())}>Download all</Button>}
          >
            Accounts
          </Header>
        }
        pagination={items.length > 25 ? <Pagination {...shown.paginationProps} ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Page before", pageLabel: (p) => `Page ${p}` }} /> : undefined}
        items={shown.items}
        columnDefinitions={[
          { id: "line", header: "Line", cell: (a) => a.row.line, width: 90, minWidth: 90 },
          { id: "account", header: "Account", isRowHeader: true, cell: (a) => <Named of={a.row}>{failed(a) ? undefined : <SetUp account={a.row.values.account_id ?? ""} />}</Named>, minWidth: 170 },
          { id: "outcome", header: "Outcome, why, and what to do", cell: (a) => <Outcome of={a} />, minWidth: 200 },
        ]}
      />
    </SpaceBetween>
  );
}

const looks: Record<string, [StatusIndicatorProps.Type, string]> = {
  added: ["success", "Registered"],
  unchanged: ["info", "Was registered already"],
  refused: ["error", "Refused"],
  not_sent: ["stopped", "Not sent"],
};

function Outcome({ of: a }: { of: Answer }) {
  const [type, words] = looks[outcome(a)] ?? ["info", outcome(a)];
  return (
    <>
      <StatusIndicator type={type}>{words}</StatusIndicator>
      <Box>{[sentence(why(a)), sentence(todo(a))].filter(Boolean).join(" ")}</Box>
    </>
  );
}

function SetUp({ account }: { account: string }) {
  const go = useNavigate();
  const href = `/accounts/${account}/register`;
  return (
    <Box>
      <Link
        href={href}
        ariaLabel={`Set up ${account}`}
        onFollow={(e) => {
          e.preventDefault();
          void go(href);
        }}
      >
        {account}
      </Link>
    </Box>
  );
}
