import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { hintOf, messageOf, Problem } from "../../api/problem";
import { Code } from "../../part/finding";
import { Fields, wrongIn } from "./fields";
import { datasets, type Destination, type Kind, kinds, type Target, type Trigger, triggers } from "./words";

interface Draft {
  name: string;
  datasets: string[];
  trigger: Trigger;
  full: boolean;
  target: Target;
  secret: string;
}

const blank: Draft = { name: "", datasets: ["line_items"], trigger: "publication", full: false, target: {}, secret: "" };
const secrets: Partial<Record<Kind, [string, string]>> = {
  postgres: ["Password", "It is sealed, and never shown again."],
  clickhouse: ["Password", "It is sealed, and never shown again."],
  webhook: ["Signing secret", "whsec_…; bursar makes one when it is left empty, and shows it once."],
};

// Edit adds a destination of a kind, or changes one.
export function Edit({ of: before, close, saved }: { of?: Destination; close: () => void; saved: (d: Destination) => void }) {
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>(before?.kind ?? "file");
  const [draft, setDraft] = useState<Draft>(before ? { ...blank, ...before, secret: "" } : blank);
  const [made, setMade] = useState<Destination | null>(null);
  const save = useMutation({
    mutationFn: () => send(draft, kind, before),
    onSuccess: (d) => {
      queries.setQueryData(["destination", d.id], d);
      void queries.invalidateQueries({ queryKey: ["destinations"] });
      if (d.signing_secret) setMade(d);
      else saved(d);
    },
  });
  if (made) return <Signing of={made} close={() => saved(made)} />;
  return (
    <Modal visible size="large" header={before ? `Change ${before.name}` : "Add destination"} onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate();
        }}
      >
        <Form
          errorText={placed(save.error) ? undefined : save.error ? `${messageOf(save.error)} ${hintOf(save.error)}` : undefined}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={save.isPending}>
                {before ? "Save" : "Add destination"}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            {!before && (
              <Tiles
                value={kind}
                ariaLabel="What it is"
                columns={3}
                onChange={({ detail }) => {
                  setKind(detail.value as Kind);
                  setDraft({ ...draft, target: {}, secret: "" });
                }}
                items={Object.entries(kinds).map(([value, k]) => ({ value, label: k.name, description: k.about }))}
              />
            )}
            <FormField label="Name" errorText={wrongIn(save.error, "name")}>
              <Input value={draft.name} onChange={({ detail }) => setDraft({ ...draft, name: detail.value })} />
            </FormField>
            <Fields kind={kind} value={draft.target} change={(target) => setDraft({ ...draft, target })} error={save.error} />
            <Secret kind={kind} kept={before?.has_secret ?? false} value={draft.secret} change={(secret) => setDraft({ ...draft, secret })} error={save.error} />
            <What draft={draft} change={setDraft} error={save.error} />
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}

// placed says that an error is shown at its field.
const placed = (error: unknown): boolean =>
  error instanceof Problem && /^(name|datasets|trigger|secret|(target\.)?(path|format|bucket|prefix|region|bucket_owner|account_id|credential_id|host|port|database|schema|user|tls|ca_certificate|url))$/.test(error.field);

function send(draft: Draft, kind: Kind, before?: Destination): Promise<Destination> {
  const target = Object.fromEntries(Object.entries(draft.target).filter(([, v]) => v !== "" && v !== undefined)) as Target;
  const body = { name: draft.name, datasets: draft.datasets, trigger: draft.trigger, full: draft.full, target, ...(draft.secret && { secret: draft.secret }) };
  if (!before) return answer(api.POST("/api/v1/destinations", { body: { ...body, kind } }));
  return answer(api.PATCH("/api/v1/destinations/{destination}", { params: { path: { destination: before.id }, header: { "If-Match": `"v${before.version}"` } }, body }));
}

function Secret({ kind, kept, value, change, error }: { kind: Kind; kept: boolean; value: string; change: (s: string) => void; error: unknown }) {
  const words = secrets[kind];
  if (!words) return null;
  return (
    <FormField label={words[0]} description={kept ? "One is kept. Leave it empty to keep that one." : words[1]} errorText={wrongIn(error, "secret")}>
      <Input type="password" autoComplete={false} value={value} onChange={({ detail }) => change(detail.value)} />
    </FormField>
  );
}

function What({ draft, change, error }: { draft: Draft; change: (d: Draft) => void; error: unknown }) {
  const chosen = datasets.filter((d) => draft.datasets.includes(d.value));
  const when = Object.entries(triggers).map(([value, label]) => ({ value, label }));
  return (
    <SpaceBetween size="m">
      <FormField label="What is delivered" errorText={wrongIn(error, "datasets")}>
        <Multiselect
          selectedOptions={chosen}
          options={datasets}
          placeholder="Choose datasets"
          deselectAriaLabel={(o) => `Leave out ${o.label}`}
          onChange={({ detail }) => change({ ...draft, datasets: detail.selectedOptions.map((o) => o.value ?? "") })}
        />
      </FormField>
      <FormField label="When" errorText={wrongIn(error, "trigger")}>
        <Select selectedOption={when.find((w) => w.value === draft.trigger) ?? null} options={when} onChange={({ detail }) => change({ ...draft, trigger: detail.selectedOption.value as Trigger })} />
      </FormField>
      <Checkbox checked={draft.full} onChange={({ detail }) => change({ ...draft, full: detail.checked })} description="Otherwise those periods alone that have changed.">
        Deliver every period each time
      </Checkbox>
    </SpaceBetween>
  );
}

// Signing shows the secret that bursar made for a webhook: this once.
function Signing({ of: d, close }: { of: Destination; close: () => void }) {
  return (
    <Modal visible header={`What ${d.name} signs with`} onDismiss={close} footer={<Button onClick={close}>It is kept</Button>}>
      <SpaceBetween size="s">
        <Alert type="success" header="It is shown this once">
          Give it to the program that takes the messages: it proves with it that they are bursar's.
        </Alert>
        <Code text={d.signing_secret ?? ""} what="signing secret" />
      </SpaceBetween>
    </Modal>
  );
}
