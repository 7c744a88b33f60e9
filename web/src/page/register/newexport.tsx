import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Account } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { type ExportChoice, useChoose } from "./choose";
import { billingRegion, formats, type Mode, regions } from "./region";

const files = [
  { value: "parquet", label: "Parquet", description: "Smaller, and read faster" },
  { value: "csv", label: "CSV, compressed", description: "Where other tools need it" },
];

const versionings = [
  { value: "OVERWRITE_REPORT", label: "Overwrite", description: "A delivery replaces the one before it: the bucket stays small" },
  { value: "CREATE_NEW_REPORT", label: "Keep each version", description: "Every delivery stays in the bucket, which grows" },
];

interface Asked {
  account: Account;
  mode: Mode;
  choice: ExportChoice;
  saved: boolean; // the choice is the one that is kept
}

// NewExport asks what is to be chosen of a new export. Nothing has to be: the defaults are what bursar reads best.
export function NewExport({ account: a, mode, choice, saved }: Asked) {
  const [draft, setDraft] = useState<ExportChoice>(choice);
  const choose = useChoose(a.account_id);
  const put = (some: Partial<ExportChoice>) => setDraft((d) => ({ ...d, ...some }));
  const problem = choose.error instanceof Problem ? choose.error : null;
  const wrong = (field: string) => (problem?.field === field ? `${problem.message} ${problem.hint}` : undefined);
  const told = problem !== null && fields.includes(problem.field);
  const elsewhere = mode === "elsewhere";
  const changed = !saved || !same(draft, choice);
  return (
    <SpaceBetween size="m">
      {elsewhere && <Place account={a} draft={draft} put={put} wrong={wrong} />}
      <ExpandableSection headerText="Format and names" headerDescription={`${formats.find((f) => f.value === (draft.format ?? "cur2"))?.label}, ${draft.file_format ?? "parquet"}`}>
        <Settings draft={draft} put={put} wrong={wrong} elsewhere={elsewhere} account={a} />
      </ExpandableSection>
      <Failure error={told ? null : choose.error} />
      {(elsewhere || changed) && (
        <Button
          disabled={!changed || (elsewhere && !draft.bucket_region)}
          disabledReason={changed ? "Choose a region first" : "These are in use"}
          loading={choose.isPending}
          onClick={() => choose.mutate({ export: clean(draft) })}
        >
          Use these
        </Button>
      )}
    </SpaceBetween>
  );
}

const fields = ["bucket_region", "region", "export.bucket", "export.bucket_region", "export.name", "export.prefix", "export.format"];

interface Part {
  account: Account;
  draft: ExportChoice;
  put: (some: Partial<ExportChoice>) => void;
  wrong: (field: string) => string | undefined;
}

// Place asks for a bucket's region, and whether there is one already.
function Place({ account: a, draft, put, wrong }: Part) {
  const home = billingRegion(a.partition);
  const options = (regions[a.partition] ?? []).filter((r) => draft.use_existing || r !== home).map((value) => ({ value }));
  return (
    <SpaceBetween size="m">
      <FormField label="Region of the bucket" errorText={wrong("region") ?? wrong("bucket_region") ?? wrong("export.bucket_region")}>
        <Select
          filteringType="auto"
          filteringAriaLabel="Find a region"
          placeholder="Choose a region"
          selectedOption={draft.bucket_region ? { value: draft.bucket_region } : null}
          options={options}
          onChange={({ detail }) => put({ bucket_region: detail.selectedOption.value })}
        />
      </FormField>
      <Checkbox checked={!!draft.use_existing} description="It must let AWS deliver: its policy is looked at when you check." onChange={({ detail }) => put({ use_existing: detail.checked })}>
        Use a bucket that is there already
      </Checkbox>
      {draft.use_existing && (
        <FormField label="Bucket" errorText={wrong("export.bucket")}>
          <Input value={draft.bucket ?? ""} onChange={({ detail }) => put({ bucket: detail.value.trim() })} />
        </FormField>
      )}
    </SpaceBetween>
  );
}

function Settings({ draft, put, wrong, elsewhere, account: a }: Part & { elsewhere: boolean }) {
  const china = a.partition === "aws-cn";
  const pick = <T extends { value: string }>(list: T[], value: string | undefined, def: string) => list.find((x) => x.value === (value ?? def)) ?? null;
  const text = (label: string, field: "name" | "prefix" | "bucket", standard: string) => (
    <FormField label={label} description={`Blank: ${standard}`} errorText={wrong("export." + field)}>
      <Input value={draft[field] ?? ""} onChange={({ detail }) => put({ [field]: detail.value.trim() })} />
    </FormField>
  );
  return (
    <ColumnLayout columns={2}>
      <FormField label="Format" errorText={wrong("export.format")}>
        <Select selectedOption={pick(formats, draft.format, china ? "legacy" : "cur2")} options={china ? formats.slice(2) : formats} onChange={({ detail }) => put({ format: detail.selectedOption.value as ExportChoice["format"] })} />
      </FormField>
      <FormField label="Files">
        <Select selectedOption={pick(files, draft.file_format, "parquet")} options={files} onChange={({ detail }) => put({ file_format: detail.selectedOption.value as ExportChoice["file_format"] })} />
      </FormField>
      <FormField label="Versions">
        <Select selectedOption={pick(versionings, draft.versioning, "OVERWRITE_REPORT")} options={versionings} onChange={({ detail }) => put({ versioning: detail.selectedOption.value as ExportChoice["versioning"] })} />
      </FormField>
      {text("Name of the export", "name", "bursar- and the format")}
      {text("Prefix in the bucket", "prefix", "bursar")}
      {!(elsewhere && draft.use_existing) && text("Name of the bucket", "bucket", "bursar-cur-, the account's id and the region")}
      <Box color="text-body-secondary">The names are yours to choose; the defaults never collide with another account&apos;s.</Box>
    </ColumnLayout>
  );
}

// clean leaves out what is blank: the server has the defaults.
const clean = (d: ExportChoice): ExportChoice => Object.fromEntries(Object.entries(d).filter(([, v]) => v !== "" && v !== false && v !== undefined));

const same = (x: ExportChoice, y: ExportChoice): boolean => {
  const a = clean(x) as Record<string, unknown>;
  const b = clean(y) as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((k) => a[k] === b[k] || (k === "format" && (a[k] ?? "cur2") === (b[k] ?? "cur2")));
};
