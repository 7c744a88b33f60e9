import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, pages, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";

type Key = Schemas["Key"];
const roles = ["owner", "administrator", "member", "viewer", "auditor"] as const;

export function Component() {
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const [made, setMade] = useState<Key | null>(null);
  const keys = useQuery({ queryKey: ["keys"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/keys", { params: { query: { cursor } } }))) });
  const revoke = useMutation({
    mutationFn: (key: string) => answer(api.DELETE("/api/v1/keys/{key}", { params: { path: { key } } })),
    onSettled: () => {
      setRevoking(null);
      void queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  useHelp("API keys", <p>A key is shown once, and kept as a hash. Two keys of one name can be active, so that one can be rotated without a pause.</p>);
  return (
    <ContentLayout header={<Header variant="h1">API keys</Header>}>
      <SpaceBetween size="l">
        <Failure error={keys.error ?? revoke.error} />
        {made?.key && (
          <Alert type="success" dismissible onDismiss={() => setMade(null)} header={`The key ${made.name}: it is shown this once`}>
            <Code text={made.key} what="key" />
          </Alert>
        )}
        <Table
          header={<Header variant="h2" counter={`(${keys.data?.length ?? 0})`} actions={<Button variant="primary" onClick={() => setAdding(true)}>Create a key</Button>}>Keys</Header>}
          loading={keys.isPending}
          loadingText="Reading keys…"
          empty="There is no key."
          items={keys.data ?? []}
          columnDefinitions={[
            { id: "name", header: "Name", cell: (k) => k.name, isRowHeader: true },
            { id: "role", header: "Role", cell: (k) => k.role },
            { id: "state", header: "State", cell: (k) => <Status of={k.state} /> },
            { id: "used", header: "Last used", cell: (k) => when(k.last_used_at) },
            { id: "created", header: "Created", cell: (k) => `${when(k.created_at)} by ${k.created_by}` },
            { id: "expires", header: "Expires", cell: (k) => (k.expires_at ? when(k.expires_at) : "never") },
            { id: "revoke", header: "Revoke", cell: (k) => (k.state === "active" ? <Button ariaLabel={`Revoke ${k.name}`} onClick={() => setRevoking(k)}>Revoke</Button> : "–") },
          ]}
        />
        {adding && <Create close={() => setAdding(false)} made={setMade} />}
        {revoking && (
          <Confirm title={`Revoke the key ${revoking.name}?`} does="Revoke" busy={revoke.isPending} error={null} leave={() => setRevoking(null)} go={() => revoke.mutate(revoking.id)}>
            <Box>Whatever uses it is refused from the next request on. It cannot be undone.</Box>
          </Confirm>
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Create({ close, made }: { close: () => void; made: (k: Key) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<(typeof roles)[number]>("viewer");
  const create = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/keys", { body: { name, role, format: "bursar" } })),
    onSuccess: (k) => {
      made(k);
      close();
      void queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  const wrong = create.error instanceof Problem && create.error.field === "name" ? `${create.error.message} ${create.error.hint}` : undefined;
  return (
    <Modal visible header="Create a key" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          create.mutate();
        }}
      >
        <Form actions={<Button variant="primary" formAction="submit" loading={create.isPending}>Create</Button>} errorText={!wrong && create.error ? create.error.message : undefined}>
          <SpaceBetween size="m">
            <FormField label="Name" description="What uses it." errorText={wrong}>
              <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
            </FormField>
            <FormField label="Role" description="Give the least that it needs.">
              <Select selectedOption={{ value: role, label: role }} options={roles.map((r) => ({ value: r, label: r }))} onChange={({ detail }) => setRole(detail.selectedOption.value as typeof role)} />
            </FormField>
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}
