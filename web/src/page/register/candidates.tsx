import Alert from "@cloudscape-design/components/alert";
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Schemas } from "../../api/client";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import type { useChoose } from "./choose";

type Candidate = Schemas["Candidate"];
type Verdict = Schemas["Verdict"];

const properties: Record<string, string> = {
  format: "Format",
  granularity: "Granularity",
  resource_ids: "Resources",
  versioning: "Versions",
  refresh: "Corrections of closed months",
  encryption: "Encryption",
  region: "Region of the bucket",
  owner: "Owner of the bucket",
  path: "Path",
  health: "Health",
  last_delivery: "Last delivery",
};

interface Shown {
  account: string;
  list: Schemas["Candidates"] | undefined;
  choose: ReturnType<typeof useChoose>;
}

// Candidates are the exports that the account has: each with what speaks for and against it, and one of them proposed.
export function Candidates({ list, choose }: Shown) {
  if (!list) return <Box>Reading the exports of the account…</Box>;
  if (!list.seen_at) return <Alert type="info" header="bursar has not looked yet">Check and confirm below: it lists the exports that the account has.</Alert>;
  if ((list.items ?? []).length === 0) {
    return (
      <Alert type="info" header="The account has no export">
        Seen {when(list.seen_at)}: neither a legacy report nor a data export. Have a new one made, or make one in AWS and check again.
      </Alert>
    );
  }
  return (
    <SpaceBetween size="s">
      <Box color="text-body-secondary">As seen {when(list.seen_at)}. Check and confirm looks again.</Box>
      {list.items.map((c) => (
        <One key={c.definition.export.arn} of={c} choose={choose} />
      ))}
    </SpaceBetween>
  );
}

// canBeChosen is wider than usable: what AWS cannot deliver at the moment can be mended.
const canBeChosen = (c: Candidate) => c.verdicts.every((v) => v.status !== "failed" || v.property === "health");

function One({ of: c, choose }: { of: Candidate; choose: Shown["choose"] }) {
  const e = c.definition.export;
  const against = c.verdicts.filter((v) => v.status === "failed" || v.status === "warning");
  return (
    <Container
      header={
        <Header
          variant="h3"
          actions={
            <Button
              ariaLabel={`Use this export: ${e.name}`}
              disabled={c.chosen || !canBeChosen(c)}
              disabledReason={c.chosen ? "It is the one in use" : "It cannot be used: see below"}
              loading={choose.isPending && choose.variables?.export?.existing === e.arn}
              onClick={() => choose.mutate({ export: { existing: e.arn } })}
            >
              Use this export
            </Button>
          }
        >
          {e.name} {c.proposed && <Badge color="green">Proposed</Badge>} {c.chosen && <Badge color="blue">Chosen</Badge>}
        </Header>
      }
    >
      <SpaceBetween size="s">
        <Sum of={c} against={against.length} />
        {against.length > 0 && <Verdicts items={against} name={`${e.name}: what speaks against it`} />}
        <KeyValuePairs
          columns={3}
          items={[
            { label: "Bucket", value: `${e.bucket} (${e.region || "region unknown"})` },
            { label: "Path", value: [e.prefix, e.name].filter(Boolean).join("/") },
            { label: "Last delivery", value: c.definition.last_delivery ? when(c.definition.last_delivery) : "none yet" },
          ]}
        />
        <ExpandableSection headerText={`Every verdict (${c.verdicts.length})`}>
          <Verdicts items={c.verdicts} name={e.name} />
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

function Sum({ of: c, against }: { of: Candidate; against: number }) {
  if (!c.usable) return <StatusIndicator type="error">Cannot be used as it is</StatusIndicator>;
  if (against > 0) return <StatusIndicator type="warning">Can be used, with less</StatusIndicator>;
  return <StatusIndicator type="success">Can be used: nothing speaks against it</StatusIndicator>;
}

// Verdicts are lines: what each property is, whether that is good, and what to do where it is not.
function Verdicts({ items, name }: { items: Verdict[]; name: string }) {
  return (
    <ul aria-label={`Verdicts on ${name}`} style={{ listStyle: "none", margin: 0, padding: 0 }}>
      {items.map((v) => (
        <li key={v.property}>
          <Box padding={{ vertical: "xxxs" }}>
            <Status of={v.status} /> <b>{properties[v.property] ?? v.property}</b>
            {v.value ? ` (${v.value})` : ""}: {v.why}.
            {v.remedy && (
              <Box padding={{ left: "l" }}>
                <b>What to do</b>: {v.remedy}.
              </Box>
            )}
          </Box>
        </li>
      ))}
    </ul>
  );
}
