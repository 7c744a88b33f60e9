import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { useMay } from "../../api/me";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { money } from "../../part/format";
import { Place } from "../../part/place";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { useAccessName } from "./access";
import { useAsking } from "./asking";
import { Compare } from "./compare";
import { Data } from "./data";
import { Edit } from "./edit";
import { Ledger } from "./ledger";
import { PriceNow } from "./price";
import { Going, Standing } from "./standing";
import { schedule, type Source, standing, state } from "./words";

type Open = "" | "price" | "run" | "change" | "delete";

export function Component() {
  const { source: id = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const [open, setOpen] = useState<Open>("");
  const found = useQuery({ queryKey: ["source", id], queryFn: () => answer(api.GET("/api/v1/sources/{source}", { params: { path: { source: id } } })), refetchInterval: 15_000 });
  const asking = useAsking(id);
  useHelp(
    "A source",
    <>
      <p>A run asks only what is not known yet: open months, and closed ones never. What was asked within six hours is answered by that.</p>
      <p>Streams are independent. A run that some did not answer ends as partial, and each says what to do. The last good data stays, with its age.</p>
    </>,
  );
  const s = found.data;
  const close = () => setOpen("");
  const run = () => {
    close();
    void asking.start(() => answer(api.POST("/api/v1/sources/{source}/run", { params: { path: { source: id } } })));
  };
  return (
    <ContentLayout
      header={
        <Header variant="h1" actions={s && <Actions of={s} busy={asking.busy} open={setOpen} />}>
          {s?.name ?? "Source"}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={found.error} retry={() => void found.refetch()} />
        {found.isPending && <Box>Reading the source…</Box>}
        <Going of={asking} />
        {s && <Facts of={s} />}
        {s && (
          <Tabs
            activeTabId={params.get("tab") ?? "streams"}
            onChange={({ detail }) => setParams(detail.activeTabId === "streams" ? {} : { tab: detail.activeTabId }, { replace: true })}
            tabs={[
              { id: "streams", label: "Streams", content: <Standing of={s} /> },
              { id: "data", label: "Data", content: <Data of={s} /> },
              { id: "bill", label: "Compared with the bill", content: <Compare of={s} asking={asking} /> },
              { id: "requests", label: "Paid requests", content: <Ledger source={s.id} /> },
            ]}
          />
        )}
        {s && (open === "price" || open === "run") && <PriceNow of={s} close={close} run={open === "run" ? run : undefined} />}
        {s && open === "change" && <Edit of={s} close={close} saved={close} />}
        {s && open === "delete" && <Delete of={s} close={close} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

function Actions({ of: s, busy, open }: { of: Source; busy: boolean; open: (o: Open) => void }) {
  const may = useMay();
  const queries = useQueryClient();
  const pause = useMutation({
    mutationFn: (paused: boolean) => answer(api.PATCH("/api/v1/sources/{source}", { params: { path: { source: s.id } }, body: { paused } })),
    onSuccess: (now) => queries.setQueryData(["source", s.id], now),
  });
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Failure error={pause.error} />
      <Button onClick={() => open("price")}>Price of a run now</Button>
      {may("bills:manage") && (
        <SpaceBetween direction="horizontal" size="xs">
          <Button loading={pause.isPending} onClick={() => pause.mutate(!s.paused)}>
            {s.paused ? "Resume" : "Pause"}
          </Button>
          <Button onClick={() => open("change")}>Change</Button>
          <Button onClick={() => open("delete")}>Delete</Button>
          <Button variant="primary" loading={busy} loadingText="It asks now" onClick={() => open("run")}>
            Run now
          </Button>
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function Facts({ of: s }: { of: Source }) {
  const accessName = useAccessName();
  const access = accessName(s.account ?? s.credential ?? "");
  const spent = (of: string, budget: string) => `${money(of, "USD")} of ${money(budget, "USD")}`;
  return (
    <Container header={<Header variant="h2">Source</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "State", value: <Status of={state(s)} /> },
          { label: "Streams", value: standing(s.status ?? []) },
          { label: "Asks with", value: s.credential ? <Place to={`/credentials/${s.credential}`}>{access}</Place> : access },
          { label: "About account", value: s.account_id ?? "told by the first run" },
          { label: "When", value: s.paused ? `${schedule(s.every_hours)}, once it is resumed` : schedule(s.every_hours) },
          { label: "Spent today", value: spent(s.spent_day, s.budget.day) },
          { label: "Spent this month", value: spent(s.spent_month, s.budget.month) },
          { label: "Budget of a run", value: money(s.budget.run, "USD") },
          { label: "Before the bill is there", value: s.preliminary ? "its totals stand in for it, marked" : "its totals stay apart" },
        ]}
      />
    </Container>
  );
}

function Delete({ of: s, close }: { of: Source; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/sources/{source}", { params: { path: { source: s.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["sources"] });
      void go("/sources");
    },
  });
  return (
    <Confirm title={`Delete ${s.name}?`} does="Delete" busy={remove.isPending} error={remove.error} leave={close} go={() => remove.mutate()} type={s.name}>
      <Box>bursar forgets it and all data that it brought. The ledger of its requests stays.</Box>
    </Confirm>
  );
}
