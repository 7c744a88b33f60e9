import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Account, Step } from "../../api/client";
import { kinds } from "../../part/format";
import { Status } from "../../part/status";

export function Done({ account: a, steps }: { account: Account; steps: Step[] }) {
  return (
    <Container header={<Header variant="h2">{`${a.name} (${a.account_id})`}</Header>}>
      <SpaceBetween size="s">
        <Box>
          <Status of={a.status.summary} /> {kinds[a.kind] ?? a.kind}
        </Box>
        {steps.map((s) => (
          <Box key={s.id}>
            <Status of={s.state} /> {s.title}
          </Box>
        ))}
        {a.kind === "linked" && <Box>A linked account has no bill of its own: its payer&apos;s exports hold its costs.</Box>}
        {a.status.data_arrival === "awaiting_first_delivery" && <Box>AWS delivers for the first time within 24 hours. bursar looks by itself.</Box>}
      </SpaceBetween>
    </Container>
  );
}
