import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { Finding } from "../api/client";
import { checks, when } from "./format";
import { Status } from "./status";

const rank: Record<string, number> = { failed: 0, unknown: 1, warning: 2, waiting: 3, skipped: 5, ok: 6 };

// Findings shows what checks saw, the worst first.
export function Findings({ items }: { items: Finding[] }) {
  if (items.length === 0) return <Box color="text-body-secondary">Nothing has been checked yet.</Box>;
  const sorted = [...items].sort((a, b) => (rank[a.status] ?? 4) - (rank[b.status] ?? 4));
  return (
    <SpaceBetween size="s">
      {sorted.map((f) => (
        <One key={f.id} of={f} />
      ))}
    </SpaceBetween>
  );
}

function One({ of: f }: { of: Finding }) {
  return (
    <Container header={<Header variant="h3" description={`${f.code}, since ${when(f.since)}, seen ${when(f.at)}`} actions={<Status of={f.status} />}>{checks[f.check] ?? f.check}</Header>}>
      <SpaceBetween size="xs">
        <Box>{f.message}</Box>
        {f.remedy && <Remedy text={f.remedy} />}
        {f.evidence && Object.keys(f.evidence).length > 0 && (
          <ExpandableSection headerText="Evidence">
            {Object.entries(f.evidence).map(([name, value]) => (
              <Box key={name}>
                <Box variant="awsui-key-label">{name}</Box>
                <Box variant="code">{value}</Box>
              </Box>
            ))}
          </ExpandableSection>
        )}
      </SpaceBetween>
    </Container>
  );
}

// Remedy is what to do. Its first line is a sentence; what follows is to be copied as it stands.
export function Remedy({ text }: { text: string }) {
  const [first = "", ...rest] = text.split("\n");
  const body = rest.join("\n");
  return (
    <Box>
      <Box variant="awsui-key-label">What to do</Box>
      <Box>{first}</Box>
      {body && <Code text={body} what="text" />}
    </Box>
  );
}

// Code is text to copy.
export function Code({ text, what }: { text: string; what: string }) {
  return (
    <SpaceBetween direction="vertical" size="xxs">
      <pre style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", margin: 0 }}>
        <Box variant="code">{text}</Box>
      </pre>
      <CopyToClipboard textToCopy={text} copyButtonText="Copy" copyButtonAriaLabel={`Copy the ${what}`} copySuccessText="Copied" copyErrorText="The browser does not let us copy" />
    </SpaceBetween>
  );
}
