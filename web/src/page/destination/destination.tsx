import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { answer, api } from "../../api/client";
import { useMay } from "../../api/me";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Checks } from "./checks";
import { Edit } from "./edit";
import { Handovers } from "./handovers";
import { datasetName, type Destination, kinds, state, triggers, where } from "./words";

export function Component() {
  const { destination: id = "" } = useParams();
  const may = useMay();
  const queries = useQueryClient();
  const [open, setOpen] = useState<"" | "change" | "delete">("");
  const found = useQuery({ queryKey: ["destination", id], queryFn: () => answer(api.GET("/api/v1/destinations/{destination}", { params: { path: { destination: id } } })), refetchInterval: 15_000 });
  const pause = useMutation({
    mutationFn: (paused: boolean) => answer(api.PATCH("/api/v1/destinations/{destination}", { params: { path: { destination: id } }, body: { paused } })),
    onSuccess: (d) => queries.setQueryData(["destination", id], d),
  });
  useHelp("A destination", <p>Check it before its first use: bursar looks step by step whether it could deliver, and says what to do where it could not.</p>);
  const d = found.data;
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={
            d &&
            may("destinations:manage") && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button loading={pause.isPending} onClick={() => pause.mutate(!d.paused)}>
                  {d.paused ? "Resume" : "Pause"}
                </Button>
                <Button onClick={() => setOpen("change")}>Change</Button>
                <Button onClick={() => setOpen("delete")}>Delete</Button>
              </SpaceBetween>
            )
          }
        >
          {d?.name ?? "Destination"}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={found.error ?? pause.error} retry={() => void found.refetch()} />
        {found.isPending && <Box>Reading the destination…</Box>}
        {d && <Facts of={d} />}
        {d && <Checks of={d} />}
        {d && <Handovers of={d} />}
        {d && open === "change" && <Edit of={d} close={() => setOpen("")} saved={() => setOpen("")} />}
        {d && open === "delete" && <Delete of={d} close={() => setOpen("")} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Facts({ of: d }: { of: Destination }) {
  return (
    <Container header={<Header variant="h2">Destination</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "State", value: <Status of={state(d)} /> },
          { label: "Kind", value: kinds[d.kind].name },
          { label: "Where", value: where(d) },
          { label: "What", value: d.datasets?.map(datasetName).join(", ") ?? "–" },
          { label: "When", value: triggers[d.trigger] },
          { label: "How much", value: d.full ? "every period, each time" : "periods that have changed" },
          { label: "Last attempt", value: when(d.attempted_at) },
          { label: "Secret", value: d.has_secret ? "kept, sealed" : "none" },
        ]}
      />
    </Container>
  );
}

function Delete({ of: d, close }: { of: Destination; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/destinations/{destination}", { params: { path: { destination: d.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["destinations"] });
      void go("/destinations");
    },
  });
  return (
    <Confirm title={`Delete ${d.name}?`} does="Delete" busy={remove.isPending} error={remove.error} leave={close} go={() => remove.mutate()}>
      <Box>bursar forgets it and its secret. What was delivered stays where it is.</Box>
    </Confirm>
  );
}
