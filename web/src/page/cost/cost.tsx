import Box from "@cloudscape-design/components/box";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "react-router";
import { type Question, useCosts } from "../../api/cost";
import { Failure } from "../../part/failure";
import { addMonths, amount, type Amount } from "../../part/format";
import { useHelp } from "../../shell/help";
import { CostChart } from "./chart";
import { CostTable } from "./table";
import { dimensions, granularities, metrics } from "./words";

const month = () => new Date().toISOString().slice(0, 7);

// The question is the page's address: it can be shared, and restores the page.
function useQuestion(): [Question, (change: Partial<Question>) => void] {
  const [params, setParams] = useSearchParams();
  const q: Question = {
    group_by: params.get("group_by") ?? "service",
    granularity: params.get("granularity") ?? "monthly",
    from: params.get("from") ?? addMonths(month(), -5),
    to: params.get("to") ?? addMonths(month(), 1),
    metric: params.get("metric") ?? "unblended",
  };
  return [q, (change) => setParams({ ...q, ...change }, { replace: true })];
}

export function Component() {
  const [q, ask] = useQuestion();
  const costs = useCosts(q);
  useHelp("Costs", <p>Amounts are exact decimals: hold the pointer over one to see all of its digits. Currencies are never added.</p>);
  return (
    <ContentLayout header={<Header variant="h1" description="Usage and billing data, as AWS delivered it last.">Costs</Header>}>
      <SpaceBetween size="l">
        <Controls q={q} ask={ask} />
        <Failure error={costs.error} retry={() => void costs.refetch()} />
        <Container header={<Header variant="h2">{totals(costs.data?.totals)}</Header>}>
          {costs.isPending ? <Box>Adding up…</Box> : costs.data && <CostChart answer={costs.data} />}
        </Container>
        <CostTable answer={costs.data} loading={costs.isPending} />
      </SpaceBetween>
    </ContentLayout>
  );
}

const totals = (t: Amount[] | undefined) =>
  t && t.length > 0 ? t.map((m) => `Total ${amount(m)}`).join(", ") : "No cost in this time";

function Controls({ q, ask }: { q: Question; ask: (change: Partial<Question>) => void }) {
  const chosen = (list: { value: string; label: string }[], value: string) => list.find((o) => o.value === value) ?? { value, label: value };
  const select = (label: string, list: { value: string; label: string }[], key: "group_by" | "granularity" | "metric") => (
    <FormField label={label}>
      <Select selectedOption={chosen(list, q[key])} options={list} onChange={({ detail }) => ask({ [key]: detail.selectedOption.value ?? "" })} />
    </FormField>
  );
  return (
    <Container>
      <Grid gridDefinition={Array.from({ length: 5 }, () => ({ colspan: { default: 12, s: 4, l: 2 } }))}>
        {select("Group by", dimensions, "group_by")}
        {select("Metric", metrics, "metric")}
        {select("Time", granularities, "granularity")}
        <FormField label="From" description="YYYY-MM or a day">
          <Input value={q.from} onChange={({ detail }) => ask({ from: detail.value })} />
        </FormField>
        <FormField label="To" description="Left out itself">
          <Input value={q.to} onChange={({ detail }) => ask({ to: detail.value })} />
        </FormField>
      </Grid>
    </Container>
  );
}
