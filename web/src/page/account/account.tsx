import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useAccount } from "../../api/account";
import type { Account } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { capabilities, kinds, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Access } from "./access";
import { Bills } from "./bills";
import { Deregister, Rename } from "./change";
import { To } from "./columns";
import { Events } from "./events";
import { AccountFindings } from "./findings";
import { Members } from "./members";
import { AccountRuns } from "./runs";

export function Component() {
  const { account: id = "" } = useParams();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const account = useAccount(id);
  useHelp("Account", <p>Findings are what the last check saw. A failed one says what to do, with the text, the link or the command to copy.</p>);
  if (account.isPending) return <Box>Reading the account…</Box>;
  if (account.error) return <Failure error={account.error} retry={() => void account.refetch()} />;
  const a = account.data;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={`Account ${a.account_id}`} actions={may("accounts:manage") && <Actions account={a} />}>
          {a.name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {a.status.summary === "insecure" && (
          <Alert type="error" header="The role of this account can be assumed without its external id">
            Nothing else is done with this account until that is mended. The finding below has the trust policy to put in its place.
          </Alert>
        )}
        <Summary account={a} />
        <Tabs
          activeTabId={params.get("tab") ?? "findings"}
          onChange={({ detail }) => setParams({ tab: detail.activeTabId }, { replace: true })}
          tabs={[
            {
              id: "findings",
              label: "Findings",
              content: <AccountFindings account={a} />,
            },
            { id: "access", label: "Access", content: <Access account={a} /> },
            ...(may("bills:read") ? [{ id: "bills", label: "Exports and deliveries", content: <Bills account={a} /> }] : []),
            ...(a.kind === "payer" ? [{ id: "members", label: "Linked accounts", content: <Members account={a} /> }] : []),
            { id: "events", label: "Events", content: <Events account={a} /> },
            { id: "runs", label: "Runs", content: <AccountRuns account={a} /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

// Actions are what can be done with the account.
function Actions({ account: a }: { account: Account }) {
  const go = useNavigate();
  const [doing, setDoing] = useState<"rename" | "deregister" | null>(null);
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <Button onClick={() => setDoing("rename")}>Rename</Button>
        <Button onClick={() => setDoing("deregister")}>Deregister</Button>
        <Button variant="primary" onClick={() => void go(`/accounts/${a.account_id}/register`)}>
          Set-up
        </Button>
      </SpaceBetween>
      {doing === "rename" && <Rename account={a} close={() => setDoing(null)} />}
      {doing === "deregister" && <Deregister account={a} close={() => setDoing(null)} />}
    </>
  );
}

function Summary({ account: a }: { account: Account }) {
  return (
    <Container>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Status", value: <Status of={a.status.summary} /> },
          { label: "Kind", value: kinds[a.kind] ?? a.kind },
          { label: "Payer", value: a.payer ? <To href={`/accounts/${a.payer.account_id}`}>{a.payer.name}</To> : (a.payer_id ?? "–") },
          { label: "Organization", value: a.organization_id ?? "–" },
          { label: "Data", value: <Status of={a.status.data_arrival} /> },
          { label: "Checked", value: when(a.status.checked_at) },
          ...Object.entries(a.status.capabilities).map(([name, state]) => ({ label: capabilities[name] ?? name, value: <Status of={state} /> })),
        ]}
      />
    </Container>
  );
}
