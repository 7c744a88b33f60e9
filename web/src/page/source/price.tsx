import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";
import { money } from "../../part/format";
import { costs, daily, passed, type Price, requests, schedule, type Source, streamName } from "./words";

// PriceFacts says what a run and a day come to, and whether a budget stops them.
export function PriceFacts({ of: p, hours, first }: { of: Price; hours: number; first?: boolean }) {
  const over = passed(p);
  return (
    <SpaceBetween size="s">
      <KeyValuePairs
        columns={3}
        items={[
          { label: first ? "The first run" : "A run now", value: costs(p) },
          { label: `A day (${schedule(hours)})`, value: daily(p, hours) },
          { label: "Never more than", value: `${money(p.budget.run, "USD")} a run, ${money(p.budget.day, "USD")} a day, ${money(p.budget.month, "USD")} a month` },
        ]}
      />
      {p.at_least && <Box variant="small">How many pages an answer has is known once it was asked: each page is a request. A budget stops before the request that would pass it.</Box>}
      {over && (
        <Alert type="warning" header={`It stops at ${over}`}>
          What was asked until then is kept, and the next run goes on from there.
        </Alert>
      )}
    </SpaceBetween>
  );
}

// Questions are what AWS would be asked, one by one.
export function Questions({ of: p }: { of: Price }) {
  return (
    <Table
      variant="embedded"
      wrapLines
      items={p.items ?? []}
      empty="Nothing has to be asked."
      columnDefinitions={[
        { id: "stream", header: "Stream", cell: (i) => streamName(i.stream), isRowHeader: true, minWidth: 140 },
        { id: "operation", header: "Operation", cell: (i) => i.operation, minWidth: 170 },
        { id: "requests", header: "Requests", cell: (i) => (i.cached ? "none: asked within six hours" : `${requests(i.requests)}${i.at_least ? " or more" : ""}`), minWidth: 140 },
        { id: "usd", header: "Price", cell: (i) => (i.cached ? "nothing" : money(i.usd, "USD")), minWidth: 80 },
        {
          id: "body",
          header: "Question",
          minWidth: 200,
          cell: (i) => (
            <ExpandableSection headerText={`What ${streamName(i.stream)} asks`} variant="inline">
              <Code text={JSON.stringify(i.body, null, 1)} what="question" />
            </ExpandableSection>
          ),
        },
      ]}
    />
  );
}

// PriceNow says what a run would cost now; with run, it can be begun.
export function PriceNow({ of: s, close, run }: { of: Source; close: () => void; run?: () => void }) {
  const price = useQuery({ queryKey: ["price", s.id, s.version], gcTime: 0, queryFn: () => answer(api.GET("/api/v1/sources/{source}/price", { params: { path: { source: s.id } } })) });
  return (
    <Modal
      visible
      size="large"
      header={run ? `Run ${s.name} now?` : `The price of a run of ${s.name} now`}
      closeAriaLabel="Close"
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={close}>{run ? "Not now" : "Close"}</Button>
            {run && (
              <Button variant="primary" disabled={!price.data} onClick={run}>
                {price.data ? `Run for ${money(price.data.usd, "USD")}${price.data.at_least ? " or more" : ""}` : "Run"}
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Failure error={price.error} retry={() => void price.refetch()} />
        {price.isPending && <Box>Reading the price…</Box>}
        {price.data && <PriceFacts of={price.data} hours={s.every_hours} />}
        {price.data && <Questions of={price.data} />}
      </SpaceBetween>
    </Modal>
  );
}
