import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client";
import { useMay } from "../../api/me";
import { hintOf, messageOf } from "../../api/problem";
import { Failure } from "../../part/failure";
import { money } from "../../part/format";
import { useAccessName } from "./access";
import { isAmount, notAmount } from "./words";

type Shared = Schemas["RequestBudget"];

// SharedBudgets are those of the workspace, and of each access that sources share.
export function SharedBudgets() {
  const may = useMay();
  const accessName = useAccessName();
  const [changed, setChanged] = useState<Shared | null>(null);
  const budgets = useQuery({ queryKey: ["request-budgets"], queryFn: () => answer(api.GET("/api/v1/request-budgets", {})), refetchInterval: 15_000 });
  const of = (spent: string, budget: string) => `${money(spent, "USD")} of ${money(budget, "USD")}`;
  return (
    <>
      <Failure error={budgets.error} retry={() => void budgets.refetch()} />
      <Table
        header={<Header variant="h2" description="Beside the budgets of each source. The first that is reached stops.">Budgets that sources share</Header>}
        loading={budgets.isPending}
        loadingText="Reading the budgets…"
        wrapLines
        items={budgets.data?.items ?? []}
        trackBy="scope"
        columnDefinitions={[
          { id: "scope", header: "Of", cell: (b) => accessName(b.scope), isRowHeader: true, minWidth: 180 },
          { id: "day", header: "Spent today", cell: (b) => of(b.spent_day, b.day), minWidth: 130 },
          { id: "month", header: "Spent this month", cell: (b) => of(b.spent_month, b.month), minWidth: 130 },
          ...(may("bills:manage")
            ? [{ id: "change", header: "Change", minWidth: 110, cell: (b: Shared) => <Button ariaLabel={`Change the budget of ${accessName(b.scope)}`} onClick={() => setChanged(b)}>Change</Button> }]
            : []),
        ]}
      />
      {changed && <Change of={changed} name={accessName(changed.scope)} close={() => setChanged(null)} />}
    </>
  );
}

function Change({ of: b, name, close }: { of: Shared; name: string; close: () => void }) {
  const queries = useQueryClient();
  const [now, setNow] = useState({ day: b.day, month: b.month });
  const good = isAmount(now.day) && isAmount(now.month);
  const save = useMutation({
    mutationFn: () => answer(api.PUT("/api/v1/request-budgets/{scope}", { params: { path: { scope: b.scope } }, body: now })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["request-budgets"] });
      close();
    },
  });
  const field = (at: keyof typeof now, label: string) => (
    <FormField label={label} errorText={isAmount(now[at]) ? undefined : notAmount}>
      <Input value={now[at]} inputMode="decimal" onChange={({ detail }) => setNow({ ...now, [at]: detail.value.trim() })} />
    </FormField>
  );
  return (
    <Modal visible header={`Budget of: ${name}`} closeAriaLabel="Close" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (good) save.mutate();
        }}
      >
        <Form
          errorText={save.error ? `${messageOf(save.error)} ${hintOf(save.error)}` : undefined}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={save.isPending}>
                Save
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            {field("day", "US dollars a day")}
            {field("month", "US dollars a month")}
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}
