import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSearchParams } from "react-router";
import { useHelp } from "../../shell/help";
import { SharedBudgets } from "./budgets";
import { Ledger } from "./ledger";
import { useSources } from "./list";

export function Component() {
  const [params, setParams] = useSearchParams();
  const sources = useSources();
  const source = params.get("source") ?? "";
  useHelp(
    "Paid requests",
    <>
      <p>AWS charges {"$0.01"} for each request to Cost Explorer that it answers. Each attempt is written down before it is sent, with its price by AWS's list. One that nobody answered counts as paid.</p>
      <p>Budgets stop the request that would pass them, also when many runs ask at once: of a source, of an access that sources share, and of the workspace.</p>
    </>,
  );
  const options = [{ value: "", label: "All sources" }, ...(sources.data ?? []).map((s) => ({ value: s.id, label: s.name }))];
  return (
    <ContentLayout header={<Header variant="h1" description="What was asked of Cost Explorer, and what it cost.">Paid requests</Header>}>
      <SpaceBetween size="l">
        <SharedBudgets />
        <FormField label="Of which source">
          <Select selectedOption={options.find((o) => o.value === source) ?? null} options={options} onChange={({ detail }) => setParams(detail.selectedOption.value ? { source: detail.selectedOption.value } : {}, { replace: true })} />
        </FormField>
        <Ledger source={source || undefined} />
      </SpaceBetween>
    </ContentLayout>
  );
}
