import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { Code, Findings } from "../../part/finding";
import { money, when } from "../../part/format";
import { Status } from "../../part/status";
import type { Credential } from "./words";

type Permission = Schemas["Permission"];

// useChecking checks a credential: for free, or with a price that was agreed.
function useChecking(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (max?: string) => answer(api.POST("/api/v1/credentials/{credential}/check", { params: { path: { credential: id } }, body: max ? { max_usd: max } : {} })),
    onSuccess: (c) => {
      queries.setQueryData(["credential", id], c);
      void queries.invalidateQueries({ queryKey: ["credentials"] });
    },
  });
}

// Report is what a credential may do, and the button that finds out.
export function Report({ of: c }: { of: Credential }) {
  const check = useChecking(c.id);
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const r = c.report;
  const price = r?.unprobed_max_usd;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description={r ? `Checked ${when(r.checked_at)}. ${paid(r.paid_requests, r.paid_usd)}` : "Not checked yet. The check is free."}
            actions={
              may("credentials:manage") && <SpaceBetween direction="horizontal" size="xs">
                {price && (
                  <Button onClick={() => setAsking(true)} disabled={check.isPending}>
                    Try the rest, for up to {money(price, "USD")}
                  </Button>
                )}
                <Button variant="primary" loading={check.isPending} loadingText="Asking AWS" onClick={() => check.mutate(undefined)}>
                  Check for free
                </Button>
              </SpaceBetween>
            }
          >
            What it may do
          </Header>
        }
      >
        <SpaceBetween size="m">
          <Failure error={check.error} />
          {r?.missing_policy && (
            <Alert type="warning" header="Actions are missing. This policy grants them, and no more">
              <Code text={r.missing_policy} what="policy" />
            </Alert>
          )}
          {r?.permissions ? <Permissions items={r.permissions} /> : <Box color="text-body-secondary">The check asks AWS whose it is, and goes through each action that sources use.</Box>}
        </SpaceBetween>
      </Container>
      {r?.findings && <Findings items={r.findings} />}
      {asking && price && (
        <Confirm
          title="Try each action once?"
          does={`Pay up to ${money(price, "USD")}`}
          busy={false}
          error={null}
          leave={() => setAsking(false)}
          go={() => {
            setAsking(false);
            check.mutate(price);
          }}
        >
          AWS charges {money("0.01", "USD")} for each request that it answers, and nothing for one that it denies. {r?.unprobed} actions are left, so it is {money(price, "USD")} at the most; bursar stops before it would be
          more. Only this tells whether something was never switched on in the account.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

const paid = (requests: number | undefined, usd: string | undefined): string => (requests ? `${requests} requests were paid for: ${money(usd ?? "0", "USD")}.` : "Nothing was paid for.");

const by: Record<string, string> = {
  identity: "a policy of the identity",
  organization: "a policy of the organization (SCP)",
  boundary: "the permissions boundary",
  session: "the session's policy",
  resource: "the policy of the resource",
};

const proofs: Record<string, string> = { simulated: "by IAM's simulation", tried: "by trying it", none: "not known" };

function Permissions({ items }: { items: Permission[] }) {
  return (
    <Table
      variant="embedded"
      wrapLines
      items={items}
      trackBy="action"
      columnDefinitions={[
        { id: "action", header: "Action", cell: (p) => <Box variant="code">{p.action}</Box>, isRowHeader: true, minWidth: 220 },
        { id: "state", header: "State", cell: (p) => <Status of={p.state} />, minWidth: 130 },
        { id: "for", header: "For", cell: (p) => p.for, minWidth: 160 },
        { id: "why", header: "Why, and what to do", cell: (p) => <Why of={p} />, minWidth: 240 },
        { id: "proof", header: "Known", cell: (p) => proofs[p.proof] ?? p.proof, minWidth: 140 },
        { id: "usd", header: "A request costs", cell: (p) => (p.usd ? money(p.usd, "USD") : "nothing"), minWidth: 110 },
      ]}
    />
  );
}

function Why({ of: p }: { of: Permission }) {
  const said = [p.denied_by ? `Denied by ${by[p.denied_by] ?? p.denied_by}.` : "", p.reason ? `AWS says: ${p.reason}` : ""].filter(Boolean);
  if (said.length === 0 && !p.remedy) return <>–</>;
  return (
    <>
      {said.map((s) => (
        <Box key={s}>{s}</Box>
      ))}
      {p.remedy && <Box variant="small">{p.remedy}</Box>}
    </>
  );
}
