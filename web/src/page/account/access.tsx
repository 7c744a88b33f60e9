import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useNavigate } from "react-router";
import { useSetup } from "../../api/account";
import type { Account, Finding } from "../../api/client";
import { useMay } from "../../api/me";
import { Remedy } from "../../part/finding";
import { capabilities, when } from "../../part/format";
import { Status } from "../../part/status";

const found = (a: Account, check: string) => (a.findings ?? []).filter((f) => f.check === check);

// Access shows how bursar reaches the account, by which version of the template, and what it may do there.
export function Access({ account: a }: { account: Account }) {
  const copied = (what: string, text: string) => <CopyToClipboard variant="inline" textToCopy={text} copyButtonAriaLabel={`Copy the ${what}`} copySuccessText="Copied" copyErrorText="The browser does not let us copy" />;
  const [template] = found(a, "template_version");
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">How bursar reaches this account</Header>}>
        <KeyValuePairs
          columns={2}
          items={[
            { label: "Role", value: copied("role", a.role_arn) },
            { label: "External id", value: a.external_id ? copied("external id", a.external_id) : "Only who manages accounts may see it" },
            { label: "Method", value: a.method },
            { label: "Template", value: template ? <Template of={template} /> : "Not known yet" },
            { label: "Partition", value: a.partition },
            { label: "Registered", value: when(a.created_at) },
          ]}
        />
      </Container>
      {template?.code === "outdated" && <Outdated account={a} finding={template} />}
      <Permissions account={a} />
    </SpaceBetween>
  );
}

function Template({ of: f }: { of: Finding }) {
  const version = f.evidence?.version;
  const words = version ? `Version ${version}${f.code === "outdated" ? `; version ${f.evidence?.latest ?? ""} is there` : f.code === "latest" ? ", the newest" : ""}` : f.message;
  return (
    <SpaceBetween size="xxs">
      <Status of={f.status} />
      <span>{words}</span>
    </SpaceBetween>
  );
}

function Outdated({ account: a, finding }: { account: Account; finding: Finding }) {
  const go = useNavigate();
  const may = useMay();
  const setup = useSetup(may("accounts:manage") ? a.account_id : "");
  const link = setup.data?.steps.flatMap((s) => s.links ?? []).find((l) => /update/i.test(l.title));
  return (
    <Alert
      type="warning"
      header="A newer template is there"
      action={
        may("accounts:manage") && (
          <SpaceBetween direction="horizontal" size="xs">
            {link && (
              <Button href={link.url} target="_blank" iconName="external">
                {link.title}
              </Button>
            )}
            <Button onClick={() => void go(`/accounts/${a.account_id}/register`)}>Open the access step</Button>
          </SpaceBetween>
        )
      }
    >
      {finding.remedy ? <Remedy text={finding.remedy} /> : finding.message}
    </Alert>
  );
}

// Permissions are what each capability needs, as they were seen last.
function Permissions({ account: a }: { account: Account }) {
  return (
    <Table
      header={<Header variant="h2" description="What the role may do, by what it is needed for. AWS was asked without doing anything.">Permissions</Header>}
      empty={<Box>Nothing has been checked yet.</Box>}
      items={found(a, "permissions")}
      trackBy="id"
      columnDefinitions={[
        { id: "for", header: "Needed for", cell: (f) => capabilities[f.capability] ?? f.capability, isRowHeader: true },
        { id: "status", header: "State", cell: (f) => <Status of={f.status} /> },
        { id: "message", header: "What was seen", cell: (f) => f.message },
        { id: "actions", header: "Actions", cell: (f) => <Actions of={f} /> },
        { id: "remedy", header: "What to do", cell: (f) => (f.remedy ? <Remedy text={f.remedy} /> : "–") },
      ]}
    />
  );
}

function Actions({ of: f }: { of: Finding }) {
  const rows = Object.entries(f.evidence ?? {});
  if (rows.length === 0) return <>–</>;
  return (
    <SpaceBetween size="xxs">
      {rows.map(([action, decision]) => (
        <div key={action}>
          <Box variant="code">{action}</Box>: {decision}
        </div>
      ))}
    </SpaceBetween>
  );
}
