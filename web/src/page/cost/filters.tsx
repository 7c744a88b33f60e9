import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import { useRef, useState } from "react";
import type { Schemas } from "../../api/client";
import { values } from "../../api/cost";
import { useNames } from "../../part/names";
import type { Ask } from "./controls";
import { filterText, noValue, type Token, tokenOf } from "./filter";
import type { View } from "./question";
import { dimensionOptions, labelOf } from "./words";

// Filters limit the question. Values are suggested as they are typed, from the bills of the time.
export function Filters({ view, ask, known }: { view: Pick<View, "filter" | "from" | "to">; ask: Ask; known: Schemas["CostDimensions"] | undefined }) {
  const named = useNames();
  const [options, setOptions] = useState<PropertyFilterProps.FilteringOption[]>([]);
  const [status, setStatus] = useState<PropertyFilterProps.StatusType>("finished");
  const asked = useRef(0);
  const load = async (dimension: string | undefined, contains: string) => {
    const mine = ++asked.current;
    if (!dimension) return setOptions([]);
    setStatus("loading");
    try {
      const found = await values(dimension, contains, view.from, view.to);
      if (mine !== asked.current) return; // somebody typed on
      setOptions([{ propertyKey: dimension, value: noValue }, ...found.values.map((v) => ({ propertyKey: dimension, value: v, label: named(dimension, v) }))]);
      setStatus("finished");
    } catch {
      if (mine === asked.current) setStatus("error");
    }
  };
  const shown = view.filter.map(tokenOf);
  const unreadable = view.filter.filter((_, i) => !shown[i]); // the server says what is wrong with them
  const extra = shown.filter((t): t is Token => t !== null).map((t) => t.propertyKey ?? "");
  return (
    <PropertyFilter
      query={{ operation: "and", tokens: shown.filter((t): t is Token => t !== null) }}
      filteringProperties={properties(known, extra)}
      filteringOptions={options}
      filteringStatusType={status}
      filteringLoadingText="Looking for values…"
      filteringErrorText="The values could not be read."
      filteringRecoveryText="Try again"
      filteringEmpty="No value has that in it."
      onLoadItems={({ detail }) => void load(detail.filteringProperty?.key, detail.filteringText)}
      onChange={({ detail }) => ask({ filter: [...unreadable, ...detail.tokens.map((t) => filterText(t as Token)).filter((f): f is string => f !== null)] })}
      hideOperations
      filteringPlaceholder="Filter by service, account, tag…"
      filteringAriaLabel="Filter the costs"
      filteringConstraintText="All must hold; several values of one dimension with = or : mean either. “No value” is what AWS gave none for."
      virtualScroll
      expandToViewport
    />
  );
}

function properties(known: Schemas["CostDimensions"] | undefined, extra: string[]): PropertyFilterProps.FilteringProperty[] {
  const property = (key: string, group?: string): PropertyFilterProps.FilteringProperty => ({ key, propertyLabel: labelOf(key), groupValuesLabel: `Values of ${labelOf(key)}`, operators: ["=", "!=", ":", "!:"], group });
  const all = dimensionOptions(known).flatMap((g) => g.options.map((o) => property(o.value)));
  const have = new Set(all.map((p) => p.key));
  return [...all, ...[...new Set(extra)].filter((k) => k && !have.has(k)).map((k) => property(k))];
}
