import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Multiselect from "@cloudscape-design/components/multiselect";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useDimensions } from "../../api/cost";
import { Filters } from "./filters";
import { groupsOf, type View } from "./question";
import { Range } from "./range";
import { dimensionOptions, granularities, labelOf, metricOptions, type Option, tops } from "./words";

const mostGroups = 3;

export type Ask = (change: Partial<View>) => void;

// Controls are the question. Whatever changes is asked at once.
export function Controls({ view, ask, shown }: { view: View; ask: Ask; shown: { from: string; to: string } | undefined }) {
  const known = useDimensions(view.from, view.to);
  const groups = groupsOf(view).map((g) => ({ value: g, label: labelOf(g) }));
  const select = (label: string, options: Option[], key: "granularity" | "metric") => (
    <FormField label={label}>
      <Select
        selectedOption={options.find((o) => o.value === view[key]) ?? { value: view[key], label: labelOf(view[key]) }}
        options={options}
        statusType={options.length === 0 ? "loading" : "finished"}
        loadingText="Reading…"
        triggerVariant="label"
        onChange={({ detail }) => ask({ [key]: detail.selectedOption.value ?? "" })}
      />
    </FormField>
  );
  return (
    <Container>
      <SpaceBetween size="m">
        <Grid gridDefinition={[{ colspan: { default: 12, xs: 4 } }, { colspan: { default: 12, xs: 4 } }, { colspan: { default: 6, xs: 2 } }, { colspan: { default: 6, xs: 2 } }]}>
          <FormField label={`Group by, up to ${mostGroups}`}>
            <Multiselect
              selectedOptions={groups}
              options={dimensionOptions(known.data)}
              filteringType="auto"
              filteringAriaLabel="Find a dimension"
              placeholder="Nothing: the total"
              statusType={known.isPending ? "loading" : "finished"}
              loadingText="Reading what there is…"
              tokenLimit={mostGroups}
              selectedAriaLabel="Chosen"
              deselectAriaLabel={(o) => `Do not group by ${o.label ?? ""}`}
              onChange={({ detail }) => ask({ group_by: detail.selectedOptions.slice(-mostGroups).map((o) => o.value).join(",") })}
            />
          </FormField>
          <Range view={view} ask={ask} shown={shown} />
          {select("Cut into", granularities, "granularity")}
          {select("Metric", metricOptions(known.data), "metric")}
        </Grid>
        <Filters view={view} ask={ask} known={known.data} />
        <SpaceBetween direction="horizontal" size="l" alignItems="end">
          <FormField label="Tell apart">
            <Select
              selectedOption={tops.find((o) => o.value === String(view.top)) ?? { value: String(view.top), label: `The ${view.top} largest, and the rest` }}
              options={tops}
              disabled={groups.length === 0}
              onChange={({ detail }) => ask({ top: Number(detail.selectedOption.value) })}
            />
          </FormField>
          <SegmentedControl
            label="Draw as"
            selectedId={view.chart}
            options={[
              { id: "bar", text: "Bars" },
              { id: "line", text: "Lines" },
            ]}
            onChange={({ detail }) => ask({ chart: detail.selectedId === "line" ? "line" : "bar" })}
          />
          <Checkbox checked={view.compare} onChange={({ detail }) => ask({ compare: detail.checked })}>
            Compare with the time before
          </Checkbox>
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}
