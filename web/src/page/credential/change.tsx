import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answer, api } from "../../api/client";
import { hintOf, messageOf, Problem } from "../../api/problem";
import { given, type Key, SecretFields, wrongIn } from "./secret";
import type { Credential } from "./words";

// useSaving keeps what a change answered.
function useSaving<T>(id: string, save: (v: T) => Promise<Credential>, done: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: save,
    onSuccess: (c) => {
      queries.setQueryData(["credential", id], c);
      void queries.invalidateQueries({ queryKey: ["credentials"] });
      done();
    },
  });
}

interface Saving {
  isPending: boolean;
  error: unknown;
}

function Asking({ header, close, send, saving, fields, label, children }: { header: string; close: () => void; send: () => void; saving: Saving; fields: string[]; label: string; children: ReactNode }) {
  const elsewhere = saving.error && !(saving.error instanceof Problem && fields.includes(saving.error.field)) ? `${messageOf(saving.error)} ${hintOf(saving.error)}` : undefined;
  return (
    <Modal visible header={header} onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          send();
        }}
      >
        <Form
          errorText={elsewhere}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={saving.isPending}>
                {label}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">{children}</SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}

// Change renames a credential, or describes and places it anew.
export function Change({ of: c, close }: { of: Credential; close: () => void }) {
  const [now, setNow] = useState({ name: c.name, description: c.description ?? "", region: c.region, account_id: c.account_id ?? "" });
  const saving = useSaving(
    c.id,
    (body: typeof now) => answer(api.PATCH("/api/v1/credentials/{credential}", { params: { path: { credential: c.id } }, body: c.kind === "role" ? { name: body.name, description: body.description } : body })),
    close,
  );
  const field = (name: keyof typeof now, label: string) => (
    <FormField label={label} errorText={wrongIn(saving.error, name)}>
      <Input value={now[name]} onChange={({ detail }) => setNow({ ...now, [name]: detail.value })} />
    </FormField>
  );
  return (
    <Asking header={`Change ${c.name}`} close={close} send={() => saving.mutate(now)} saving={saving} fields={Object.keys(now)} label="Save">
      {field("name", "Name")}
      {field("description", "Description")}
      {c.kind === "access_key" && field("region", "Region")}
      {c.kind === "access_key" && field("account_id", "Account id that it must be in")}
    </Asking>
  );
}

// Rotate replaces the key of a credential.
export function Rotate({ of: c, close }: { of: Credential; close: () => void }) {
  const [key, setKey] = useState<Key>({});
  const saving = useSaving(c.id, (body: Key) => answer(api.POST("/api/v1/credentials/{credential}/rotate", { params: { path: { credential: c.id } }, body: given(body) })), close);
  return (
    <Asking
      header={`Rotate the key of ${c.name}`}
      close={close}
      send={() => saving.mutate(key)}
      saving={saving}
      fields={["paste", "profile", "access_key_id", "secret_access_key", "session_token"]}
      label="Rotate"
    >
      <SecretFields value={key} change={setKey} error={saving.error} />
    </Asking>
  );
}
