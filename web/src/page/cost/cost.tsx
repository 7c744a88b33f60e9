import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import LiveRegion from "@cloudscape-design/components/live-region";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCallback, useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { CostAnswer } from "../../api/client";
import { exportCosts, useCosts } from "../../api/cost";
import { Money } from "../../part/amount";
import { useExport } from "../../part/export";
import { Failure } from "../../part/failure";
import { change } from "../../part/format";
import { useNames } from "../../part/names";
import { useHelp } from "../../shell/help";
import { CostChart } from "./chart";
import { type Ask, Controls } from "./controls";
import { daysOf, drill, filterOf, questionOf, readView, type View, writeItems, writeView } from "./question";
import { type Line, linesOf, unitOf } from "./series";
import { CostTable } from "./table";

// useView is the page's state: its address. What people change can be taken back with the browser's own button.
function useView(): [View, Ask] {
  const [params, setParams] = useSearchParams();
  const view = useMemo(() => readView(params), [params]);
  return [view, useCallback((c) => setParams((now) => writeView({ ...readView(now), ...c })), [setParams])];
}

export function Component() {
  const [view, ask] = useView();
  const go = useNavigate();
  const named = useNames();
  const costs = useCosts(questionOf(view));
  const answer = costs.data;
  const lines = useMemo(() => (answer ? linesOf(answer, named) : []), [answer, named]);
  const doors = useMemo(
    () => ({
      narrower: (l: Line) => `/costs?${writeView(drill(view, l.groups ?? {}))}`,
      items: (l: Line | null, start: string) => {
        if (!answer) return;
        const time = start ? daysOf(start, answer.granularity, answer.from, answer.to) : { from: answer.from, to: answer.to };
        const filter = [...view.filter, ...Object.entries(l?.groups ?? {}).map(([g, v]) => filterOf(g, v))];
        void go(writeItems({ ...time, metric: view.metric, filter: [...new Set(filter)] }));
      },
    }),
    [answer, go, view],
  );
  const file = useExport((format) => exportCosts(questionOf(view), format), !answer);
  useHelp("Costs", <Help />);
  return (
    <ContentLayout header={<Header variant="h1" description="Usage and billing data, as AWS delivered it last." actions={<CopyToClipboard copyButtonText="Copy link" textToCopy={window.location.href} copyButtonAriaLabel="Copy link to what is asked here" copySuccessText="Copied" copyErrorText="The browser does not let us copy" />}>Costs</Header>}>
      <SpaceBetween size="l">
        <Controls view={view} ask={ask} shown={answer} />
        <Failure error={costs.error} retry={() => void costs.refetch()} />
        {file.failure}
        {(answer?.notes ?? []).map((n) => (
          <Alert key={n.code + n.message}>{n.message}</Alert>
        ))}
        <Container header={<Totals answer={answer} asking={costs.isFetching} />}>
          <div data-state={costs.isFetching || costs.isPlaceholderData ? "asking" : "drawn"} style={{ minHeight: 300 }}>
            {costs.isPending ? <Box>Adding up…</Box> : answer && <CostChart answer={answer} lines={lines} kind={view.chart} {...doors} />}
          </div>
        </Container>
        <CostTable answer={answer} lines={lines} loading={costs.isPending} named={named} actions={file.button} showAll={() => ask({ top: 0 })} {...doors} />
      </SpaceBetween>
    </ContentLayout>
  );
}

// Totals are one for each currency.
function Totals({ answer, asking }: { answer: CostAnswer | undefined; asking: boolean }) {
  const before = (t: CostAnswer["totals"][number]) => answer?.previous?.totals.find((p) => unitOf(p) === unitOf(t));
  const described = answer ? `${answer.from} to ${answer.to}, the last day left out${answer.previous ? `; before: ${answer.previous.from} to ${answer.previous.to}` : ""}` : "";
  return (
    <LiveRegion tagName="div">
      <Header variant="h2" description={described}>
        {!answer ? "Adding up…" : answer.totals.length === 0 ? (asking ? "Adding up…" : "No cost in this time") : null}
        {answer?.totals.map((t, i) => (
          <span key={unitOf(t)}>
            {i > 0 && " + "}
            {i === 0 && "Total "}
            <Money of={t} />
            {before(t) && (
              <Box variant="span" color="text-body-secondary">
                {" "}
                {change(t.amount, before(t)?.amount ?? "0")} against <Money of={before(t) ?? t} />
              </Box>
            )}
          </span>
        ))}
      </Header>
    </LiveRegion>
  );
}

function Help() {
  return (
    <>
      <p>Amounts are exact decimals: hold the pointer over one, or move the focus there, to see all of its digits. Currencies are never added.</p>
      <p>A name leads to what it is made of; an amount leads to its line items. In the chart, choose a bar and follow a name in what opens.</p>
      <p>The address of this page is the question: share it, or keep it as a bookmark.</p>
    </>
  );
}
