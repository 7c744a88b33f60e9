import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { Remedy } from "../../part/finding";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import type { Destination } from "./words";

// Checks are what the last check of a destination saw, and the button that makes another.
export function Checks({ of: d }: { of: Destination }) {
  const queries = useQueryClient();
  const may = useMay();
  const check = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/destinations/{destination}/check", { params: { path: { destination: d.id } } })),
    onSuccess: (now) => queries.setQueryData(["destination", d.id], now),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={d.checked_at ? `Checked ${when(d.checked_at)}.` : "Not checked yet."}
          actions={
            may("destinations:deliver") && <Button variant={d.usable ? "normal" : "primary"} loading={check.isPending} loadingText="Looking" onClick={() => check.mutate()}>
              Check
            </Button>
          }
        >
          Whether data could be delivered
        </Header>
      }
    >
      <SpaceBetween size="s">
        <Failure error={check.error} />
        {d.checks?.length ? null : <Box color="text-body-secondary">The check connects, and writes and removes something of its own where the kind allows it.</Box>}
        {d.checks?.map((p) => (
          <div key={p.check}>
            <Status of={p.status} /> <b>{p.check.replaceAll("_", " ")}</b>
            {p.message !== `${p.check}: done` && <Box padding={{ left: "l" }}>{p.message}</Box>}
            {p.remedy && (
              <Box padding={{ left: "l" }}>
                <Remedy text={p.remedy} />
              </Box>
            )}
          </div>
        ))}
      </SpaceBetween>
    </Container>
  );
}
