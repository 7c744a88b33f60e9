import Box from "@cloudscape-design/components/box";
import BarChart from "@cloudscape-design/components/bar-chart";
import { type Answered, type Axes, seriesOf } from "./axes";

export { drawable } from "./axes";

// SQLChart draws an answer. What is read exactly is the table.
export function SQLChart({ answer, axes }: { answer: Answered; axes: Axes }) {
  const { series, xs, left } = seriesOf(answer, axes);
  const y = answer.columns[axes.y]?.name ?? "";
  return (
    <>
      <BarChart
        series={series.map((s) => ({ ...s, type: "bar" as const }))}
        stackedBars
        hideFilter
        height={320}
        xScaleType="categorical"
        xDomain={xs}
        xTitle={answer.columns[axes.x]?.name}
        yTitle={y}
        ariaLabel={`${y} of the answer; the table has every number`}
        empty="No row"
      />
      {left > 0 && <Box color="text-body-secondary">{`${left} smaller ones are not drawn: the table has them.`}</Box>}
    </>
  );
}
