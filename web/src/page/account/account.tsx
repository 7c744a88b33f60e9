import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useAccount } from "../../api/account";
import type { Account } from "../../api/client";
import { Failure } from "../../part/failure";
import { Findings } from "../../part/finding";
import { CheckAndConfirm } from "../../part/check";
import { capabilities, kinds, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Bills } from "./bills";
import { Events } from "./events";
import { Members } from "./members";
import { AccountRuns } from "./runs";

export function Component() {
  const { account: id = "" } = useParams();
  const go = useNavigate();
  const [params, setParams] = useSearchParams();
  const account = useAccount(id);
  useHelp("Account", <p>Findings are what the last check saw. A failed one says what to do, with the text, the link or the command to copy.</p>);
  if (account.isPending) return <Box>Reading the account…</Box>;
  if (account.error) return <Failure error={account.error} retry={() => void account.refetch()} />;
  const a = account.data;
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={`Account ${a.account_id}`} actions={<Button onClick={() => void go(`/accounts/${a.account_id}/register`)}>Set-up</Button>}>
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
              content: (
                <SpaceBetween size="m">
                  <CheckAndConfirm account={a.account_id} />
                  <Findings items={a.findings ?? []} />
                </SpaceBetween>
              ),
            },
            { id: "access", label: "Access", content: <Access account={a} /> },
            { id: "bills", label: "Exports and deliveries", content: <Bills account={a} /> },
            ...(a.kind === "payer" ? [{ id: "members", label: "Linked accounts", content: <Members account={a} /> }] : []),
            { id: "events", label: "Events", content: <Events account={a} /> },
            { id: "runs", label: "Runs", content: <AccountRuns account={a} /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
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
          { label: "Payer", value: a.payer_id ?? "–" },
          { label: "Organization", value: a.organization_id ?? "–" },
          { label: "Data", value: <Status of={a.status.data_arrival} /> },
          { label: "Checked", value: when(a.status.checked_at) },
          ...Object.entries(a.status.capabilities).map(([name, state]) => ({ label: capabilities[name] ?? name, value: <Status of={state} /> })),
        ]}
      />
    </Container>
  );
}

function Access({ account: a }: { account: Account }) {
  const copied = (what: string, text: string) => <CopyToClipboard variant="inline" textToCopy={text} copyButtonAriaLabel={`Copy the ${what}`} copySuccessText="Copied" copyErrorText="The browser does not let us copy" />;
  return (
    <Container header={<Header variant="h2">How bursar reaches this account</Header>}>
      <KeyValuePairs
        columns={2}
        items={[
          { label: "Role", value: copied("role", a.role_arn) },
          { label: "External id", value: a.external_id ? copied("external id", a.external_id) : "Only who manages accounts may see it" },
          { label: "Method", value: a.method },
          { label: "Partition", value: a.partition },
          { label: "Registered", value: when(a.created_at) },
        ]}
      />
    </Container>
  );
}
