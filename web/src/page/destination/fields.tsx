import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useQuery } from "@tanstack/react-query";
import { useAccounts } from "../../api/account";
import { answer, api, pages } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Kind, Target } from "./words";

interface Props {
  value: Target;
  change: (t: Target) => void;
  error: unknown;
}

type Text = Exclude<keyof Target, "port" | "plain_csv">;

// wrongIn says what the server found wrong in a field, however deep it lies.
export const wrongIn = (error: unknown, field: string): string | undefined =>
  error instanceof Problem && (error.field === field || error.field === `target.${field}`) ? `${error.message} ${error.hint}`.trim() : undefined;

function Words({ value, change, error, name, label, about, placeholder }: Props & { name: Text; label: string; about?: string; placeholder?: string }) {
  return (
    <FormField label={label} description={about} errorText={wrongIn(error, name)}>
      <Input value={value[name] ?? ""} placeholder={placeholder} spellcheck={false} onChange={({ detail }) => change({ ...value, [name]: detail.value })} />
    </FormField>
  );
}

function Choice({ value, change, error, name, label, options }: Props & { name: Text; label: string; options: { value: string; label: string; description?: string }[] }) {
  return (
    <FormField label={label} errorText={wrongIn(error, name)}>
      <Select selectedOption={options.find((o) => o.value === value[name]) ?? options[0] ?? null} options={options} onChange={({ detail }) => change({ ...value, [name]: detail.selectedOption.value })} />
    </FormField>
  );
}

const formats = [
  { value: "parquet", label: "Parquet", description: "typed and small; for Athena, DuckDB, Spark" },
  { value: "csv", label: "CSV, gzipped", description: "for spreadsheets and loaders" },
  { value: "jsonl", label: "JSON lines, gzipped", description: "for programs" },
];

function Format(p: Props) {
  return (
    <SpaceBetween size="m">
      <Choice {...p} name="format" label="Format" options={formats} />
      {p.value.format === "csv" && (
        <Checkbox checked={!p.value.plain_csv} onChange={({ detail }) => p.change({ ...p.value, plain_csv: !detail.checked })}>
          Put an apostrophe before text that a spreadsheet would take for a formula
        </Checkbox>
      )}
    </SpaceBetween>
  );
}

function S3(p: Props) {
  const accounts = useAccounts();
  const credentials = useQuery({ queryKey: ["credentials"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/credentials", { params: { query: { cursor } } }))) });
  const ways = [
    ...(accounts.data ?? []).map((a) => ({ value: a.id, label: `The role of ${a.name}`, description: a.account_id })),
    ...(credentials.data ?? []).map((c) => ({ value: c.id, label: `The credential ${c.name}`, description: c.account_id ?? "" })),
  ];
  const chosen = p.value.credential_id || p.value.account_id;
  const choose = (id = "") => p.change({ ...p.value, account_id: id.startsWith("crd_") ? undefined : id, credential_id: id.startsWith("crd_") ? id : undefined });
  return (
    <SpaceBetween size="m">
      <FormField label="With" description="Whose permission counts." errorText={wrongIn(p.error, "account_id") ?? wrongIn(p.error, "credential_id")}>
        <Select
          selectedOption={ways.find((w) => w.value === chosen) ?? null}
          options={ways}
          placeholder="Choose a role or a credential"
          filteringType="auto"
          empty="No account is registered, and no credential is stored."
          onChange={({ detail }) => choose(detail.selectedOption.value)}
        />
      </FormField>
      <Words {...p} name="bucket" label="Bucket" />
      <Words {...p} name="region" label="Region" placeholder="us-east-1" />
      <Words {...p} name="prefix" label="Prefix" about="What every key begins with. May be empty." />
      <Words {...p} name="bucket_owner" label="Owner of the bucket" about="12 digits. By default the account of the role." />
      <Format {...p} />
    </SpaceBetween>
  );
}

const tls = [
  { value: "verify", label: "Encrypted, and the server proves its name" },
  { value: "require", label: "Encrypted, to whoever answers" },
  { value: "disable", label: "Not encrypted" },
];

function Authority({ value, change, error }: Props) {
  return (
    <FormField label="Certificate of who signed the server's" description="PEM. Empty for the public ones." errorText={wrongIn(error, "ca_certificate")}>
      <Textarea rows={3} value={value.ca_certificate ?? ""} spellcheck={false} onChange={({ detail }) => change({ ...value, ca_certificate: detail.value })} />
    </FormField>
  );
}

function Postgres(p: Props) {
  return (
    <SpaceBetween size="m">
      <Words {...p} name="host" label="Host" />
      <FormField label="Port" errorText={wrongIn(p.error, "port")}>
        <Input type="number" value={p.value.port ? String(p.value.port) : ""} placeholder="5432" onChange={({ detail }) => p.change({ ...p.value, port: Number(detail.value) || undefined })} />
      </FormField>
      <Words {...p} name="database" label="Database" />
      <Words {...p} name="schema" label="Schema" placeholder="bursar" />
      <Words {...p} name="user" label="User" />
      <Choice {...p} name="tls" label="Connection" options={tls} />
      <Authority {...p} />
    </SpaceBetween>
  );
}

function ClickHouse(p: Props) {
  return (
    <SpaceBetween size="m">
      <Words {...p} name="url" label="Address" about="Of its HTTP interface." placeholder="https://clickhouse.example.com:8443" />
      <Words {...p} name="database" label="Database" />
      <Words {...p} name="user" label="User" />
      <Authority {...p} />
    </SpaceBetween>
  );
}

// Fields ask where a destination of a kind is.
export function Fields({ kind, ...p }: Props & { kind: Kind }) {
  return (
    <SpaceBetween size="m">
      {kind === "file" && <Words {...p} name="path" label="Folder" about="Below the server's folder for delivered files. Empty for that folder itself." />}
      {kind === "file" && <Format {...p} />}
      {kind === "s3" && <S3 {...p} />}
      {kind === "postgres" && <Postgres {...p} />}
      {kind === "clickhouse" && <ClickHouse {...p} />}
      {kind === "webhook" && <Words {...p} name="url" label="Address" about="Messages are posted there. Private and link-local addresses are refused unless the operator allows them." placeholder="https://example.com/bills" />}
    </SpaceBetween>
  );
}
