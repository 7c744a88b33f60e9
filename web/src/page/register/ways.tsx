import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs, { type TabsProps } from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Step } from "../../api/client";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";
import { Terraform } from "./terraform";

interface Asked {
  step: Step;
  account: string;
  how?: ReactNode; // instead of the create-stack page
  more?: TabsProps.Tab[]; // other ways, beside the console's page
}

// Ways are the ways to do one step: AWS's own pages, its command line, or Terraform. Each leads to the same.
export function Ways({ step: s, account, how, more = [] }: Asked) {
  const pages = (s.links ?? []).length > 0;
  const tabs = [
    ...(s.template ? [{ id: "console", label: "AWS console", content: pages ? (how ?? <OpenPage step={s} account={account} />) : <Upload step={s} account={account} /> }] : []),
    ...(s.template ? more : []),
    ...(s.command && s.template ? [{ id: "cli", label: "AWS CLI", content: <OnTheCommandLine step={s} account={account} /> }] : []),
    ...(s.terraform ? [{ id: "terraform", label: "Terraform", content: <Terraform step={s} account={account} /> }] : []),
  ];
  const [tab, setTab] = useState(tabs[0]?.id ?? "");
  if (tabs.length === 0) return null;
  return (
    <SpaceBetween size="m">
      {tabs.length > 1 ? <Tabs ariaLabel="How to do it" activeTabId={tabs.some((t) => t.id === tab) ? tab : tabs[0]?.id} onChange={({ detail }) => setTab(detail.activeTabId)} tabs={tabs} /> : tabs[0]?.content}
      <Template step={s} />
      {!how && <Values step={s} />}
    </SpaceBetween>
  );
}

// OpenPage leads through AWS's create-stack page.
function OpenPage({ step: s, account }: { step: Step; account: string }) {
  const [first, ...others] = s.links ?? [];
  if (s.state === "done") return <Stands step={s} account={account} />;
  return (
    <SpaceBetween size="s">
      <ol style={{ margin: 0, paddingLeft: 20 }}>
        <li>
          Sign in to AWS account <b>{account}</b>, then open the page. It opens in a new tab{s.region ? `, in ${s.region}` : ""}.
        </li>
        <li>
          Look at what is filled in. You may change the stack&apos;s name (<Box variant="code">{s.stack_name}</Box>); leave {s.id === "bucket" ? "the rest" : "ExternalId, Principal, PrincipalArn and RoleName"} as filled in.
        </li>
        <li>
          {s.id === "bucket" ? "At the end" : "At the end, acknowledge that CloudFormation might create IAM resources with custom names, and"} press <i>Create stack</i>.
        </li>
        <li>Wait for CREATE_COMPLETE, and come back here.</li>
      </ol>
      <SpaceBetween direction="horizontal" size="xs">
        {first && (
          <Out url={first.url} primary>
            {`Open AWS ${first.title.toLowerCase()} page`}
          </Out>
        )}
        {others.map((l) => (
          <Out key={l.url} url={l.url}>
            {`Open AWS ${l.title.toLowerCase()} page`}
          </Out>
        ))}
      </SpaceBetween>
    </SpaceBetween>
  );
}

// Stands says of a step that is done how its stack is changed.
function Stands({ step: s, account }: { step: Step; account: string }) {
  return (
    <SpaceBetween size="s">
      <Box>
        Nothing is to be done here. When a template grows, or you choose other values, update the stack <Box variant="code">{s.stack_name}</Box>: signed in to AWS account <b>{account}</b>, keep the values that it has, and
        wait for UPDATE_COMPLETE.
      </Box>
      <SpaceBetween direction="horizontal" size="xs">
        {(s.links ?? []).map((l) => (
          <Out key={l.url} url={l.url}>
            {`Open AWS ${l.title.toLowerCase()} page`}
          </Out>
        ))}
      </SpaceBetween>
    </SpaceBetween>
  );
}

// Out opens a page of AWS in a tab of its own.
export const Out = ({ url, primary, children }: { url: string; primary?: boolean; children: string }) => (
  <Button variant={primary ? "primary" : "normal"} iconName="external" iconAlign="right" href={url} target="_blank" rel="noreferrer">
    {children}
  </Button>
);

// Upload says what to do while the templates are published nowhere that AWS can read.
function Upload({ step: s, account }: { step: Step; account: string }) {
  return (
    <ol style={{ margin: 0, paddingLeft: 20 }}>
      <li>
        Download{" "}
        <Link href={s.template?.download ?? ""} external>
          {s.template?.name}
        </Link>
        : this bursar publishes its templates nowhere that AWS can read, so AWS&apos;s page cannot be filled in.
      </li>
      <li>
        Signed in to AWS account <b>{account}</b>, open CloudFormation in {s.region}, choose Create stack, Upload a template file.
      </li>
      <li>
        Name the stack <Box variant="code">{s.stack_name}</Box>, and copy the values from below.
      </li>
      <li>Acknowledge the IAM capability, create the stack, wait for CREATE_COMPLETE, and come back here.</li>
    </ol>
  );
}

function OnTheCommandLine({ step: s, account }: { step: Step; account: string }) {
  return (
    <SpaceBetween size="s">
      <Box>
        With the rights of an administrator of account {account}. First download{" "}
        <Link href={s.template?.download ?? ""} external>
          {s.template?.name}
        </Link>{" "}
        into the folder in which you run this:
      </Box>
      <Code text={s.command ?? ""} what="command" />
    </SpaceBetween>
  );
}

// Template shows the template itself, once somebody wants to see it.
function Template({ step: s }: { step: Step }) {
  const [open, setOpen] = useState(false);
  const t = s.template;
  const text = useQuery({
    queryKey: ["template", t?.sha256],
    enabled: open && !!t,
    staleTime: Infinity,
    queryFn: async () => {
      const answer = await fetch(t?.download ?? "");
      if (!answer.ok) throw new Error(`The template cannot be read: the server answered ${answer.status}.`);
      return answer.text();
    },
  });
  if (!t) return null;
  return (
    <ExpandableSection headerText={`The template: ${t.name}, version ${t.version}`} expanded={open} onChange={({ detail }) => setOpen(detail.expanded)}>
      <SpaceBetween size="s">
        <Box>
          SHA-256 <Box variant="code">{t.sha256}</Box>.{" "}
          <Link href={t.download} external>
            Download it
          </Link>
        </Box>
        <Failure error={text.error} retry={() => void text.refetch()} />
        {text.isFetching && <Box>Reading the template…</Box>}
        {text.data && (
          <pre tabIndex={0} role="region" aria-label={`Text of ${t.name}`} style={{ maxHeight: 400, overflow: "auto", margin: 0 }}>
            <Box variant="code">{text.data}</Box>
          </pre>
        )}
      </SpaceBetween>
    </ExpandableSection>
  );
}

// fixed are the values that a person must not change; the other ones may be.
const fixed = ["ExternalId", "Principal", "PrincipalArn", "RoleName", "ExpectedAccountId"];

// Values are those of the template's parameters, to copy.
export function Values({ step: s, byHand }: { step: Step; byHand?: boolean }) {
  const values = s.parameters ?? [];
  if (values.length === 0) return null;
  return (
    <ExpandableSection headerText={byHand ? "The values to enter" : "The values that are filled in"} defaultExpanded={byHand}>
      <KeyValuePairs
        columns={2}
        items={values.map((p) => ({
          label: fixed.includes(p.key) ? `${p.key} (do not change)` : p.key,
          value: p.value ? <Copied what={p.key} text={p.value} /> : "(blank)",
        }))}
      />
    </ExpandableSection>
  );
}

export const Copied = ({ what, text }: { what: string; text: string }) => (
  <CopyToClipboard variant="inline" textToCopy={text} copyButtonAriaLabel={`Copy ${what}`} copySuccessText="Copied" copyErrorText="The browser does not let us copy" />
);

// Texts are policies, letters and the like, to copy.
export function Texts({ step: s, open }: { step: Step; open?: boolean }) {
  return (s.texts ?? []).map((t) => (
    <ExpandableSection key={t.title} headerText={t.title} defaultExpanded={open}>
      <Code text={t.body} what={t.title} />
    </ExpandableSection>
  ));
}
