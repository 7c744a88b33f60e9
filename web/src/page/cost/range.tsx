import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";
import FormField from "@cloudscape-design/components/form-field";
import { useForecast } from "../../api/cost";
import { addMonths } from "../../part/format";
import type { Ask } from "./controls";
import { dayAfter, dayBefore, type View } from "./question";

const relative: DateRangePickerProps.RelativeOption[] = [
  { key: "this-month", amount: 1, unit: "month", type: "relative" },
  { key: "3-months", amount: 3, unit: "month", type: "relative" },
  { key: "6-months", amount: 6, unit: "month", type: "relative" },
  { key: "12-months", amount: 12, unit: "month", type: "relative" },
  { key: "7-days", amount: 7, unit: "day", type: "relative" },
  { key: "30-days", amount: 30, unit: "day", type: "relative" },
];

const named = (amount: number, unit: string): string => {
  if (unit === "month" && amount === 1) return "This month";
  return unit === "month" ? `This month and the ${amount - 1} before` : `The last ${amount} ${unit}s of the bill`;
};

// Range is the time. It is asked for by its first and last day; the address leaves the day after the last out, as the API does.
export function Range({ view, ask, shown }: { view: View; ask: Ask; shown: { from: string; to: string } | undefined }) {
  const now = useForecast().data;
  const from = shown?.from ?? view.from;
  const to = shown?.to ?? view.to;
  const choose = (value: DateRangePickerProps.Value | null) => {
    if (!value) return ask({ from: undefined, to: undefined });
    if (value.type === "absolute") return ask({ from: value.startDate.slice(0, 10), to: dayAfter(value.endDate.slice(0, 10)) });
    const month = now?.period ?? new Date().toISOString().slice(0, 7);
    if (value.unit === "month") return ask({ from: addMonths(month, 1 - value.amount), to: addMonths(month, 1) });
    let first = dayAfter(now?.through ?? dayBefore(new Date().toISOString().slice(0, 10)));
    const end = first;
    for (let i = 0; i < value.amount; i++) first = dayBefore(first);
    return ask({ from: first, to: end });
  };
  return (
    <FormField label="Time, UTC">
      <DateRangePicker
        value={from && to ? { type: "absolute", startDate: wholeDay(from), endDate: dayBefore(wholeDay(to)) } : null}
        relativeOptions={relative}
        dateOnly
        onChange={({ detail }) => choose(detail.value)}
        isValidRange={(value) =>
          value?.type === "absolute" && value.startDate > value.endDate ? { valid: false, errorMessage: "The time ends before it begins." } : { valid: true }
        }
        absoluteFormat="iso"
        i18nStrings={{ formatRelativeRange: ({ amount, unit }) => named(amount, unit), relativeRangeSelectionHeading: "Choose a time", customRelativeRangeOptionLabel: "Another", customRelativeRangeOptionDescription: "As many months or days as you like" }}
      />
    </FormField>
  );
}

const wholeDay = (t: string): string => (t.length === 7 ? `${t}-01` : t);
