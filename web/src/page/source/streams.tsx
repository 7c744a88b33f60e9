import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { type Kind, type Stream, streamName } from "./words";

// useKinds asks what Cost Explorer can be asked.
export const useKinds = () => useQuery({ queryKey: ["streams"], queryFn: () => answer(api.GET("/api/v1/streams", {})), staleTime: Infinity });

// defaults are the streams of a source for which nobody has chosen.
export const defaults: Stream[] = [{ name: "cost_daily", group_by: ["SERVICE"] }, { name: "cost_monthly", group_by: ["LINKED_ACCOUNT"] }, { name: "forecast" }];

// Streams choose what is asked for, and how each is asked.
export function Streams({ value, change, error }: { value: Stream[]; change: (s: Stream[]) => void; error?: string }) {
  const kinds = useKinds();
  const all = kinds.data?.items ?? [];
  const options = all.map((k) => ({ value: k.name, label: streamName(k.name), description: k.setting ? `${k.about} Needs ${k.setting}.` : k.about, tags: [k.action] }));
  const chosen = value.map((s) => options.find((o) => o.value === s.name) ?? { value: s.name, label: streamName(s.name) });
  const choose = (names: string[]) => change(names.map((n) => value.find((s) => s.name === n) ?? defaults.find((s) => s.name === n) ?? { name: n }));
  return (
    <SpaceBetween size="s">
      <FormField label="What it asks for" description="Each stream is asked by itself: one that fails hinders no other." errorText={error}>
        <Multiselect
          selectedOptions={chosen}
          options={options}
          filteringType="auto"
          statusType={kinds.isPending ? "loading" : "finished"}
          loadingText="Reading the streams…"
          placeholder="Choose streams"
          deselectAriaLabel={(o) => `Leave out ${o.label}`}
          onChange={({ detail }) => choose(detail.selectedOptions.map((o) => o.value ?? ""))}
        />
      </FormField>
      {value.map((s) => {
        const kind = all.find((k) => k.name === s.name);
        return kind && asks(kind) ? <How key={s.name} of={s} kind={kind} change={(next) => change(value.map((x) => (x.name === s.name ? next : x)))} /> : null;
      })}
    </SpaceBetween>
  );
}

const asks = (k: Kind) => k.groups > 0 || k.metrics || k.key || k.max_months;

const listed = (names: string[] | null | undefined) => (names ?? []).map((value) => ({ value, label: value }));

// How is how one stream is asked.
function How({ of: s, kind, change }: { of: Stream; kind: Kind; change: (s: Stream) => void }) {
  const set = (part: Partial<Stream>) => change({ ...s, ...part });
  return (
    <ExpandableSection headerText={`${streamName(s.name)}: ${inShort(s, kind)}`}>
      <SpaceBetween size="s">
        {kind.metrics && (
          <FormField label="Metrics" description="Several cost no more than one. None: unblended, amortized, and both net.">
            <Multiselect selectedOptions={listed(s.metrics)} options={listed(kind.metrics)} placeholder="The usual four" deselectAriaLabel={(o) => `Leave out ${o.label}`} onChange={({ detail }) => set({ metrics: detail.selectedOptions.map((o) => o.value ?? "") })} />
          </FormField>
        )}
        {kind.groups > 0 && <Groups of={s} kind={kind} change={(group_by) => set({ group_by })} />}
        {kind.max_months ? (
          <FormField label="Months back" description={`The current month included; at most ${kind.max_months}. Months that are closed are not asked again.`}>
            <Input type="number" inputMode="numeric" value={s.months ? String(s.months) : ""} placeholder={String(kind.months ?? "")} onChange={({ detail }) => set({ months: Number(detail.value) || undefined })} />
          </FormField>
        ) : null}
        {kind.key && (
          <FormField label={`Which ${kind.key}`} description="Left empty, AWS's own default.">
            <Input value={s.key ?? ""} onChange={({ detail }) => set({ key: detail.value || undefined })} />
          </FormField>
        )}
        {kind.metrics && <Filter of={s} kind={kind} change={(filter) => set({ filter })} />}
      </SpaceBetween>
    </ExpandableSection>
  );
}

const inShort = (s: Stream, k: Kind): string =>
  [
    s.group_by?.length ? `by ${s.group_by.join(" and ")}` : "",
    s.metrics?.length ? s.metrics.join(", ") : "",
    s.key ?? "",
    s.months || k.months ? `${s.months ?? k.months} months` : "",
    s.filter && Object.keys(s.filter).length ? "filtered" : "",
  ]
    .filter(Boolean)
    .join("; ") || "as a whole";

// Groups choose by what: two of AWS's, and of costs a third.
function Groups({ of: s, kind, change }: { of: Stream; kind: Kind; change: (g: string[]) => void }) {
  const now = s.group_by ?? [];
  const places = Array.from({ length: Math.min(kind.groups, now.length + 1) }, (_, i) => i);
  return (
    <FormField
      label="Grouped by"
      description={kind.groups > 2 ? "A dimension, tag:KEY or category:NAME. AWS takes two; a third is asked value by value, and each value costs a request." : "A dimension, tag:KEY or category:NAME."}
    >
      <SpaceBetween size="xs">
        {places.map((i) => (
          <Autosuggest
            key={i}
            ariaLabel={`Grouping ${i + 1} of ${streamName(s.name)}`}
            value={now[i] ?? ""}
            options={listed(kind.group_by)}
            enteredTextLabel={(t) => `Use ${t}`}
            placeholder={i === 0 ? "Not grouped" : "And by…"}
            onChange={({ detail }) => change([...now.slice(0, i), detail.value, ...now.slice(i + 1)].filter(Boolean))}
          />
        ))}
      </SpaceBetween>
    </FormField>
  );
}

interface Rule {
  key: string;
  not: boolean;
  value: string;
}

const rulesOf = (s: Stream): Rule[] =>
  Object.entries(s.filter ?? {}).flatMap(([key, values]) => (values ?? []).map((value) => ({ key: key.replace(/^not:/, ""), not: key.startsWith("not:"), value })));

function filterOf(rules: Rule[]): Stream["filter"] {
  const out: Record<string, string[]> = {};
  for (const r of rules) (out[(r.not ? "not:" : "") + r.key] ??= []).push(r.value);
  return rules.length ? out : undefined;
}

const are = [
  { value: "is", label: "is" },
  { value: "not", label: "is not" },
];

// Filter keeps a stream to some values. Values of the same key are alternatives; different keys must all hold.
function Filter({ of: s, kind, change }: { of: Stream; kind: Kind; change: (f: Stream["filter"]) => void }) {
  const rules = rulesOf(s);
  const set = (i: number, part: Partial<Rule>) => change(filterOf(rules.map((r, n) => (n === i ? { ...r, ...part } : r))));
  return (
    <FormField label="Only" description="Values of one key are alternatives; different keys must all hold.">
      <AttributeEditor
        items={rules}
        empty={<Box variant="small">Everything.</Box>}
        addButtonText="Add filter"
        removeButtonText="Remove"
        onAddButtonClick={() => change(filterOf([...rules, { key: "SERVICE", not: false, value: "" }]))}
        onRemoveButtonClick={({ detail }) => change(filterOf(rules.filter((_, n) => n !== detail.itemIndex)))}
        definition={[
          { label: "Key", control: (r: Rule, i: number) => <Autosuggest ariaLabel={`Key ${i + 1}`} value={r.key} options={listed(kind.group_by)} enteredTextLabel={(t) => `Use ${t}`} onChange={({ detail }) => set(i, { key: detail.value })} /> },
          { label: "Is", control: (r: Rule, i: number) => <Select ariaLabel={`How ${i + 1}`} selectedOption={are[r.not ? 1 : 0] ?? null} options={are} onChange={({ detail }) => set(i, { not: detail.selectedOption.value === "not" })} /> },
          { label: "Value", control: (r: Rule, i: number) => <Input ariaLabel={`Value ${i + 1}`} value={r.value} onChange={({ detail }) => set(i, { value: detail.value })} /> },
        ]}
      />
    </FormField>
  );
}
