import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { answer, api } from "../../api/client";
import { hintOf, messageOf, Problem } from "../../api/problem";
import { wrongIn } from "../credential/secret";
import { type Access, With } from "./access";
import { PriceFacts, Questions } from "./price";
import { defaults, Streams } from "./streams";
import { type Budget, isAmount, notAmount, schedule, schedules, type Source, type Stream } from "./words";

interface Draft {
  name: string;
  streams: Stream[];
  every_hours: number;
  budget: Budget;
  preliminary: boolean;
}

const blank: Draft = { name: "", streams: defaults, every_hours: 24, budget: { run: "0.05", day: "0.05", month: "1.55" }, preliminary: false };
const draftOf = (s: Source): Draft => ({ name: s.name, streams: s.streams ?? [], every_hours: s.every_hours, budget: s.budget, preliminary: s.preliminary });
const fields = ["name", "account", "credential", "streams", "every_hours", "budget.run", "budget.day", "budget.month"];

// Edit adds a source, or changes one. What it will cost is said before.
export function Edit({ of: before, close, saved }: { of?: Source; close: () => void; saved: (s: Source) => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(before ? draftOf(before) : blank);
  const [access, setAccess] = useState<Access>(before ? { account: before.account, credential: before.credential } : {});
  const set = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: () =>
      before
        ? answer(api.PATCH("/api/v1/sources/{source}", { params: { path: { source: before.id }, header: { "If-Match": `"v${before.version}"` } }, body: draft }))
        : answer(api.POST("/api/v1/sources", { body: { ...draft, ...access } })),
    onSuccess: (s) => {
      queries.setQueryData(["source", s.id], s);
      void queries.invalidateQueries({ queryKey: ["sources"] });
      saved(s);
    },
  });
  const placed = save.error instanceof Problem && fields.includes(save.error.field);
  const payable = Object.values(draft.budget).every(isAmount);
  return (
    <Modal visible size="large" header={before ? `Change ${before.name}` : "Add source"} closeAriaLabel="Close" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (payable) save.mutate();
        }}
      >
        <Form
          errorText={save.error && !placed ? `${messageOf(save.error)} ${hintOf(save.error)}` : undefined}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={save.isPending}>
                {before ? "Save" : "Add source"}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            {!before && <With value={access} change={setAccess} error={save.error} />}
            <FormField label="Name" errorText={wrongIn(save.error, "name")}>
              <Input value={draft.name} onChange={({ detail }) => set({ name: detail.value })} />
            </FormField>
            <Streams value={draft.streams} change={(streams) => set({ streams })} error={wrongIn(save.error, "streams")} />
            <When value={draft.every_hours} change={(every_hours) => set({ every_hours })} />
            <Budgets value={draft.budget} change={(budget) => set({ budget })} error={save.error} />
            <Checkbox checked={draft.preliminary} onChange={({ detail }) => set({ preliminary: detail.checked })} description="Answers about costs have them, marked, until the bill is there.">
              Its totals stand in for a bill that is still on its way
            </Checkbox>
            {payable && <Preview draft={draft} access={access} />}
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}

function When({ value, change }: { value: number; change: (hours: number) => void }) {
  const known = Object.keys(schedules).map(Number);
  const options = [...new Set([...known, value])].sort((a, b) => a - b).map((h) => ({ value: String(h), label: schedule(h) }));
  return (
    <FormField label="When">
      <Select selectedOption={options.find((o) => o.value === String(value)) ?? null} options={options} onChange={({ detail }) => change(Number(detail.selectedOption.value))} />
    </FormField>
  );
}

// Budgets ask what a source may spend.
function Budgets({ value, change, error }: { value: Budget; change: (b: Budget) => void; error: unknown }) {
  const field = (name: keyof Budget, label: string) => (
    <FormField label={label} errorText={wrongIn(error, `budget.${name}`) ?? (isAmount(value[name]) ? undefined : notAmount)}>
      <Input value={value[name]} inputMode="decimal" onChange={({ detail }) => change({ ...value, [name]: detail.value.trim() })} />
    </FormField>
  );
  return (
    <SpaceBetween size="xxs">
      <ColumnLayout columns={3}>
        {field("run", "Budget of a run, in US dollars")}
        {field("day", "Budget of a day")}
        {field("month", "Budget of a month")}
      </ColumnLayout>
      <Box variant="small">A request costs $0.01. It stops before the request that would pass one of them.</Box>
    </SpaceBetween>
  );
}

// useRested gives a value once it has not changed for a moment.
function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const t = setTimeout(() => setRested(JSON.parse(text) as T), 300);
    return () => clearTimeout(t);
  }, [text]);
  return rested;
}

// Preview says what the first run would ask and cost. AWS is not asked for it.
function Preview({ draft, access }: { draft: Draft; access: Access }) {
  const body = useRested({ ...draft, ...access, name: draft.name.trim() || "new" });
  const ready = Boolean(body.account ?? body.credential) && body.streams.length > 0;
  const price = useQuery({ queryKey: ["price-new", body], enabled: ready, retry: false, gcTime: 0, placeholderData: (p) => p, queryFn: () => answer(api.POST("/api/v1/sources:price", { body })) });
  return (
    <Container header={<Header variant="h3" description="By AWS's price list. Nothing is asked of AWS for it.">What it costs</Header>}>
      <div aria-live="polite">
        {!ready ? (
          <Box color="text-body-secondary">Choose with what it asks, and for what.</Box>
        ) : price.error ? (
          <Box color="text-status-error">{`${messageOf(price.error)} ${hintOf(price.error)}`}</Box>
        ) : price.data ? (
          <SpaceBetween size="s">
            <PriceFacts of={price.data} hours={draft.every_hours} first />
            <Questions of={price.data} />
          </SpaceBetween>
        ) : (
          <Box>Reading the price…</Box>
        )}
      </div>
    </Container>
  );
}
