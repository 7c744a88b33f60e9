import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Account, Finding, Step } from "../../api/client";
import { when } from "../../part/format";
import { Status } from "../../part/status";

interface Row {
  id: string;
  what: string;
  where: string;
  state: string;
  seen: Finding | undefined;
}

const telling = ["assume_role", "member_access", "export_delivery"]; // what says most where all is well

// told picks the finding that says most about a part: the worst one.
function told(findings: Finding[], capabilities: string[]): Finding | undefined {
  const rank = ["failed", "unknown", "warning", "waiting", "ok"];
  return findings
    .filter((f) => capabilities.includes(f.capability) && rank.includes(f.status) && f.check !== "permissions")
    .sort((a, b) => rank.indexOf(a.status) - rank.indexOf(b.status) || Number(telling.includes(b.check)) - Number(telling.includes(a.check)))[0];
}

// Arriving lists what a registration brings about, and what bursar sees of it so far.
export function Arriving({ account: a, steps }: { account: Account; steps: Step[] }) {
  const findings = a.findings ?? [];
  const step = (id: string) => steps.find((s) => s.id === id);
  const optional = step("members")?.state === "skipped";
  const rows: Row[] = [
    { id: "access", what: "API access", where: "every account", state: a.status.capabilities.access ?? "not_set_up", seen: told(findings, ["access"]) },
    ...(step("export") || a.kind === "unknown"
      ? [{ id: "export", what: "Billing export and its bucket", where: "payers and standalone accounts", state: step("export") ? (a.status.capabilities.billing_export ?? "not_set_up") : "later", seen: told(findings, ["billing_export"]) }]
      : []),
    ...(step("members") || a.kind === "unknown"
      ? [{ id: "members", what: "API access to the linked accounts", where: "payers, optional", state: optional ? "not_set_up" : step("members") ? (a.status.capabilities.member_access ?? "not_set_up") : "later", seen: told(findings, ["member_access"]) }]
      : []),
  ];
  return (
    <SpaceBetween size="xs">
      <Header variant="h3" description={a.status.checked_at ? `As seen ${when(a.status.checked_at)}.` : "Nothing has been looked at yet: check and confirm once something has been made."}>
        What bursar sees arriving
      </Header>
      <ul aria-label="What bursar sees arriving" style={{ listStyle: "none", margin: 0, padding: 0 }}>
        {rows.map((r) => (
          <li key={r.id}>
            <Box padding={{ vertical: "xxs" }}>
              <Status of={r.state} /> <b>{r.what}</b>{" "}
              <Box variant="small" color="text-body-secondary">
                {r.where}
              </Box>
              {r.seen && <Box padding={{ left: "l" }}>{r.seen.message}</Box>}
            </Box>
          </li>
        ))}
      </ul>
    </SpaceBetween>
  );
}
