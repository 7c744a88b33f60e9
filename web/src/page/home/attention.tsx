import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";
import { type States, useAccount } from "../../api/account";
import type { Account, Finding } from "../../api/client";
import { count, when } from "../../part/format";
import { Place } from "../../part/place";
import { Status } from "../../part/status";

const worstFirst = ["insecure", "broken", "attention"];
const atFirst = 5;

// Attention is what a person has to mend, the worst first, each with its remedy.
export function Attention({ accounts }: { accounts: States }) {
  const [all, setAll] = useState(false);
  const troubled = worstFirst.flatMap((s) => accounts.of.get(s)?.first ?? []);
  const total = worstFirst.reduce((n, s) => n + (accounts.of.get(s)?.total ?? 0), 0);
  if (troubled.length === 0) return <Alert type="success">Nothing needs your attention.</Alert>;
  return (
    <SpaceBetween size="s">
      {(all ? troubled : troubled.slice(0, atFirst)).map((a) => (
        <One key={a.id} account={a} />
      ))}
      {!all && troubled.length > atFirst && <Button onClick={() => setAll(true)}>{`Show ${troubled.length - atFirst} more that need attention`}</Button>}
      {all && total > troubled.length && <Place to="/accounts?state=insecure&state=broken&state=attention">{`All ${count(total)} that need attention`}</Place>}
    </SpaceBetween>
  );
}

function One({ account: a }: { account: Account }) {
  const go = useNavigate();
  const found = worst(useAccount(a.account_id).data?.findings ?? []);
  return (
    <Alert
      type={a.status.summary === "attention" ? "warning" : "error"}
      header={`${a.name} (${a.account_id})`}
      action={<Button onClick={() => void go(`/accounts/${a.account_id}`)}>See what to do</Button>}
    >
      <SpaceBetween size="xxs">
        <Box>
          <Status of={a.status.summary} /> Checked {when(a.status.checked_at)}.
        </Box>
        {found && <Box>{found.message}</Box>}
        {found?.remedy && (
          <Box>
            <b>What to do:</b> {found.remedy.split("\n")[0]}
          </Box>
        )}
      </SpaceBetween>
    </Alert>
  );
}

const worst = (findings: Finding[]): Finding | undefined => findings.find((f) => f.status === "failed") ?? findings.find((f) => f.status === "warning");
