import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import Textarea from "@cloudscape-design/components/textarea";
import { useCollection } from "@cloudscape-design/collection-hooks";
import { type ReactNode, useState } from "react";
import { count } from "../../part/format";
import { save } from "../../part/save";
import { type List, type Row } from "./csv";

const example = "account_id,name,method,role_arn,partition\r\n111122223333,\"Sales, EU\",,,\r\n444455556666,Research,role,arn:aws:iam::444455556666:role/finops,\r\n";
const largest = 4 << 20;

// AccountList takes a list, as a file or pasted, and shows what it makes of each row before anything is sent.
export function AccountList({ text, list, change }: { text: string; list: List; change: (text: string) => void }) {
  const [files, setFiles] = useState<File[]>([]);
  const [wrong, setWrong] = useState("");
  const take = async (given: File[]) => {
    const file = given[0];
    setFiles(given);
    setWrong("");
    if (!file) return;
    if (file.size > largest) return setWrong("It is larger than 4 MB: split it.");
    const read = await file.text().catch(() => null);
    if (read === null) return setWrong("It cannot be read.");
    change(read);
  };
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description="The first line names the columns: account_id and name; method, role_arn and partition if you like." actions={<Button iconName="download" onClick={() => save("accounts.csv", "text/csv", example)}>Download an example</Button>}>
            Accounts
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label="A CSV file" description="Choose one, or drop it here." errorText={wrong}>
            <FileUpload
              value={files}
              accept=".csv,text/csv"
              onChange={({ detail }) => void take(detail.value)}
              i18nStrings={{ uploadButtonText: () => "Choose a file", dropzoneText: () => "Drop the file here", removeFileAriaLabel: () => "Forget the file", limitShowFewer: "Show fewer", limitShowMore: "Show more", errorIconAriaLabel: "Error" }}
              showFileSize
            />
          </FormField>
          <FormField label="or paste the lines" stretch>
            <Textarea value={text} rows={8} spellcheck={false} placeholder={example} onChange={({ detail }) => change(detail.value)} />
          </FormField>
        </SpaceBetween>
      </Container>
      {list.problem && (
        <Alert type="error" header={list.problem}>
          {list.hint}
        </Alert>
      )}
      {list.rows.length > 0 && <Preview rows={list.rows} />}
    </SpaceBetween>
  );
}

function Preview({ rows }: { rows: Row[] }) {
  const bad = rows.filter((r) => r.problem).length;
  const sorted = [...rows].sort((a, b) => Number(!a.problem) - Number(!b.problem));
  const { items, paginationProps } = useCollection(sorted, { pagination: { pageSize: 25 } });
  return (
    <Table<Row>
      wrapLines
      header={
        <Header variant="h2" counter={`(${count(rows.length)})`} description={bad ? `${count(rows.length - bad)} can be registered; ${count(bad)} cannot: left out until mended, above or later.` : "Every row can be registered, as far as the list tells."}>
          What it says
        </Header>
      }
      pagination={rows.length > 25 ? <Pagination {...paginationProps} ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Page before", pageLabel: (n) => `Page ${n}` }} /> : undefined}
      items={items}
      columnDefinitions={[
        { id: "line", header: "Line", cell: (r) => r.line, width: 90, minWidth: 90 },
        { id: "account", header: "Account", isRowHeader: true, cell: (r) => <Named of={r} />, minWidth: 170 },
        { id: "verdict", header: "Verdict", cell: (r) => <Verdict of={r} />, minWidth: 200 },
      ]}
    />
  );
}

// Named is the account of a row, as it was written.
export function Named({ of: r, children }: { of: Row; children?: ReactNode }) {
  const { account_id, name, method, role_arn, partition } = r.values;
  return (
    <>
      <Box>{children ?? (account_id || "No account id")}</Box>
      <Box color="text-body-secondary">{name || "No name"}</Box>
      <Box variant="small" color="text-body-secondary">
        {[method, role_arn, partition].filter(Boolean).join(", ")}
      </Box>
    </>
  );
}

function Verdict({ of: r }: { of: Row }) {
  if (!r.problem) return <StatusIndicator type="success">Can be registered</StatusIndicator>;
  return (
    <Box>
      <StatusIndicator type="error">Cannot be registered</StatusIndicator>
      <Box>
        {r.problem} {r.hint}
      </Box>
    </Box>
  );
}
