import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Popover from "@cloudscape-design/components/popover";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useNavigate } from "react-router";
import type { CostAnswer, Schemas } from "../../api/client";
import { useCosts, useForecast } from "../../api/cost";
import { Money } from "../../part/amount";
import { Failure } from "../../part/failure";
import { addMonths, change } from "../../part/format";
import { useNames } from "../../part/names";
import { Place } from "../../part/place";

type Forecast = Schemas["CostForecast"];
type Currency = Forecast["currencies"][number];

// ThisMonth says what the month has cost, what it will have cost at its end, and how that compares: like with like.
export function ThisMonth() {
  const forecast = useForecast();
  const f = forecast.data;
  return (
    <Container
      fitHeight
      header={
        <Header variant="h2" description={f?.through ? `The bill is complete through ${f.through}` : undefined} actions={<Place to="/costs?granularity=daily">Days</Place>}>
          {f ? `Cost of ${f.period}` : "Cost this month"}
        </Header>
      }
    >
      <Failure error={forecast.error} retry={() => void forecast.refetch()} />
      {forecast.isPending && <Box>Adding up…</Box>}
      {f && f.currencies.length === 0 && <Box color="text-body-secondary">No bill of this month or the one before has come in yet. AWS delivers the first within a day of its set-up.</Box>}
      <SpaceBetween size="l">{f?.currencies.map((c) => <One key={c.currency} of={c} forecast={f} />)}</SpaceBetween>
    </Container>
  );
}

function One({ of: c, forecast: f }: { of: Currency; forecast: Forecast }) {
  const money = (amount: string) => ({ amount, currency: c.currency });
  return (
    <ColumnLayout columns={3} variant="text-grid">
      <div>
        <Box variant="awsui-key-label">So far</Box>
        <Box variant="awsui-value-large">
          <Money of={money(c.to_date)} />
        </Box>
      </div>
      <div>
        <Box variant="awsui-key-label">
          <Popover header="How it is forecast" content={f.method} triggerType="text-inline" size="large">
            Expected at its end
          </Popover>
        </Box>
        {c.expected && c.low && c.high ? (
          <>
            <Box variant="awsui-value-large">
              <Money of={money(c.expected)} />
            </Box>
            <Box color="text-body-secondary">
              between <Money of={money(c.low)} /> and <Money of={money(c.high)} />
            </Box>
          </>
        ) : (
          <Box color="text-body-secondary">{c.lacking}</Box>
        )}
      </div>
      <div>
        <Box variant="awsui-key-label">Against last month</Box>
        {c.same_days ? (
          <>
            <Box variant="awsui-value-large">{change(c.same_days.this, c.same_days.last) || "new"}</Box>
            <Box color="text-body-secondary">
              the first {c.same_days.days} days: <Money of={money(c.same_days.this)} />, then <Money of={money(c.same_days.last)} />
            </Box>
          </>
        ) : (
          <Box color="text-body-secondary">No day of this month is complete yet.</Box>
        )}
        <Box color="text-body-secondary">
          {addMonths(f.period, -1)} in all: <Money of={money(c.last_month)} />
        </Box>
      </div>
    </ColumnLayout>
  );
}

const shown = 8;

// Largest are the largest of a dimension this month, or of the newest month that has a bill.
export function Largest({ by, title }: { by: "service" | "account"; title: string }) {
  const go = useNavigate();
  const named = useNames();
  const forecast = useForecast();
  const month = useNewestMonth(forecast.data);
  const costs = useCosts({ group_by: by, granularity: "total", from: month, to: month && addMonths(month, 1), metric: "unblended", top: shown }, month !== undefined);
  const address = `/costs?${by === "service" ? "" : `group_by=${by}&`}from=${month}&to=${month && addMonths(month, 1)}`;
  return (
    <Table
      header={
        <Header variant="h2" description={month} actions={<Place to={address}>All</Place>}>
          {title}
        </Header>
      }
      loading={costs.isPending}
      loadingText="Adding up…"
      empty={<Box color="text-body-secondary">No bill has come in yet.</Box>}
      items={month === undefined ? [] : (costs.data?.rows ?? [])}
      contentDensity="compact"
      columnDefinitions={[
        { id: by, header: by === "service" ? "Service" : "Account", cell: (r) => (r.rest ? `${r.rest} others` : named(by, r.groups?.[by] ?? "") || "No value"), isRowHeader: true },
        { id: "amount", header: "Amount", cell: (r) => <Money of={r} onFollow={r.rest ? undefined : () => void go(`${address}&${new URLSearchParams({ filter: r.groups?.[by] ? `${by} is ${r.groups[by]}` : `${by} not exists` })}`)} label={`what ${r.groups?.[by] ?? ""} is made of`} /> },
      ]}
      footer={<Box>{total(costs.data)}</Box>}
    />
  );
}

function total(a: CostAnswer | undefined) {
  return (a?.totals ?? []).map((t, i) => (
    <span key={t.currency}>
      {i > 0 ? ", " : "Total "}
      <Money of={t} />
    </span>
  ));
}

// useNewestMonth is this month, or the last one while the bill of this one has not come; undefined while there is none.
function useNewestMonth(f: Forecast | undefined): string | undefined {
  if (!f || f.currencies.length === 0) return undefined;
  return f.currencies.some((c) => c.to_date !== "0") ? f.period : addMonths(f.period, -1);
}
