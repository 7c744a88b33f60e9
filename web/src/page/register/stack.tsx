import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useAccount } from "../../api/account";
import type { Step } from "../../api/client";
import { CheckAndConfirm } from "../../part/check";
import { Code, Findings } from "../../part/finding";
import { Status } from "../../part/status";

// StackStep is one step that a person does in AWS, and then has checked.
export function StackStep({ account, step: s }: { account: string; step: Step }) {
  const found = useAccount(account).data?.findings ?? [];
  const wrong = found.filter((f) => ["failed", "warning", "unknown"].includes(f.status));
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description={s.why} actions={<Status of={s.state} />}>{s.title}</Header>}>
        <SpaceBetween size="m">
          {(s.links ?? []).map((l, i) => (
            <Button key={l.url} variant={i === 0 && s.state !== "done" ? "primary" : "normal"} iconName="external" iconAlign="right" href={l.url} target="_blank" rel="noreferrer">
              {l.title === "Create stack" ? "Open AWS create stack page" : l.title}
            </Button>
          ))}
          {(s.links ?? []).length > 0 && (
            <Box color="text-body-secondary">
              Sign in to account {account} there{s.region ? `; the page opens in ${s.region}` : ""}. Look the template through, acknowledge the IAM capability, press Create stack, and wait for CREATE_COMPLETE.
            </Box>
          )}
          <Template step={s} />
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Then</Header>}>
        <SpaceBetween size="m">
          <CheckAndConfirm account={account} primary={s.state !== "done"} />
          {wrong.length > 0 && <Findings items={wrong} />}
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

function Template({ step: s }: { step: Step }) {
  return (
    <>
      {s.template && (
        <ExpandableSection headerText="The template, and the values that are filled in">
          <SpaceBetween size="s">
            <Box>
              <Link href={s.template.download} external>
                {s.template.name}
              </Link>
              , version {s.template.version}, SHA-256 <Box variant="code">{s.template.sha256}</Box>
            </Box>
            <KeyValuePairs
              columns={2}
              items={(s.parameters ?? []).map((p) => ({
                label: p.key,
                value: p.value ? <CopyToClipboard variant="inline" textToCopy={p.value} copyButtonAriaLabel={`Copy ${p.key}`} copySuccessText="Copied" copyErrorText="The browser does not let us copy" /> : "(blank)",
              }))}
            />
          </SpaceBetween>
        </ExpandableSection>
      )}
      {s.command && (
        <ExpandableSection headerText="The same on the command line">
          <Code text={s.command} what="command" />
        </ExpandableSection>
      )}
    </>
  );
}
