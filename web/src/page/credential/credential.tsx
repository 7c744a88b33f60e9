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
import { Change, Rotate } from "./change";
import { Report } from "./report";
import { age, type Credential, ends, madeOf, usedBy } from "./words";

export function Component() {
  const { credential: id = "" } = useParams();
  const may = useMay();
  const [open, setOpen] = useState<"" | "change" | "rotate" | "delete">("");
  const found = useQuery({ queryKey: ["credential", id], queryFn: () => answer(api.GET("/api/v1/credentials/{credential}", { params: { path: { credential: id } } })), refetchInterval: 15_000 });
  useHelp(
    "A credential",
    <>
      <p>The free check tells whose it is, and action by action what it may do, by IAM's simulation. Trying costs {"$0.01"} a request, and the price is said before.</p>
      <p>Rotating replaces the key; what uses the credential goes on with the new one. The old one counts until the new one works.</p>
    </>,
  );
  const c = found.data;
  const close = () => setOpen("");
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={c?.description}
          actions={
            c &&
            may("credentials:manage") && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setOpen("change")}>Change</Button>
                {c.kind === "access_key" && <Button onClick={() => setOpen("rotate")}>Rotate the key</Button>}
                <Button onClick={() => setOpen("delete")}>Delete</Button>
              </SpaceBetween>
            )
          }
        >
          {c?.name ?? "Credential"}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={found.error} retry={() => void found.refetch()} />
        {found.isPending && <Box>Reading the credential…</Box>}
        {c && <Facts of={c} />}
        {c && <Report of={c} />}
        {c && open === "change" && <Change of={c} close={close} />}
        {c && open === "rotate" && <Rotate of={c} close={close} />}
        {c && open === "delete" && <Delete of={c} close={close} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Facts({ of: c }: { of: Credential }) {
  return (
    <Container header={<Header variant="h2">Credential</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Status", value: <Status of={c.status} /> },
          { label: "Made of", value: madeOf(c) },
          { label: "Age", value: age(c) },
          { label: "Ends", value: ends(c) },
          { label: "Account", value: c.account_id ?? c.report?.account_id ?? "not known yet" },
          { label: "Region", value: `${c.region} (${c.partition})` },
          { label: "Version of the key", value: c.kind === "role" ? "–" : `${c.secret_version}, stored ${when(c.secret_at)}` },
          { label: "Used by", value: usedBy(c) },
        ]}
      />
    </Container>
  );
}

function Delete({ of: c, close }: { of: Credential; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/credentials/{credential}", { params: { path: { credential: c.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["credentials"] });
      void go("/credentials");
    },
  });
  return (
    <Confirm title={`Delete ${c.name}?`} does="Delete" busy={remove.isPending} error={remove.error} leave={close} go={() => remove.mutate()}>
      <Box>What is secret of it is gone for good. What uses it: {usedBy(c)}. One that is in use is not deleted.</Box>
    </Confirm>
  );
}
