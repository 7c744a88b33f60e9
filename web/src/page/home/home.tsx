import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useNavigate } from "react-router";
import { useAccounts } from "../../api/account";
import type { Account, CostAnswer } from "../../api/client";
import { useCosts } from "../../api/cost";
import { Failure } from "../../part/failure";
import { addMonths, amount, exact, when } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";

export function Component() {
  const go = useNavigate();
  const accounts = useAccounts();
  useHelp("Home", <p>What needs attention stands on top. Everything links to where it can be mended.</p>);
  if (accounts.isPending) return <Box>Looking for accounts…</Box>;
  if (accounts.error) return <Failure error={accounts.error} retry={() => void accounts.refetch()} />;
  const list = accounts.data;
  return (
    <ContentLayout header={<Header variant="h1" actions={<Button variant="primary" onClick={() => void go("/accounts/register")}>Register an account</Button>}>Home</Header>}>
      {list.length === 0 ? <FirstStep /> : <Overview accounts={list} />}
    </ContentLayout>
  );
}

function FirstStep() {
  const go = useNavigate();
  return (
    <Container header={<Header variant="h2">Begin with your payer account</Header>}>
      <SpaceBetween size="m">
        <Box>
          Register the management account of your organization. bursar makes an external id for it, AWS creates one read-only role, and from then
          on you have the bills of the whole organization here, exact to the last decimal.
        </Box>
        <Button variant="primary" onClick={() => void go("/accounts/register")}>
          Register an account
        </Button>
      </SpaceBetween>
    </Container>
  );
}

function Overview({ accounts }: { accounts: Account[] }) {
  const troubled = accounts.filter((a) => ["insecure", "broken", "attention"].includes(a.status.summary));
  return (
    <SpaceBetween size="l">
      <Attention accounts={troubled} />
      <ColumnLayout columns={2}>
        <States accounts={accounts} />
        <ThisMonth />
      </ColumnLayout>
      <ByService />
    </SpaceBetween>
  );
}

function Attention({ accounts }: { accounts: Account[] }) {
  const go = useNavigate();
  if (accounts.length === 0) return <Alert type="success">Nothing needs your attention.</Alert>;
  return (
    <SpaceBetween size="s">
      {accounts.map((a) => (
        <Alert
          key={a.id}
          type={a.status.summary === "attention" ? "warning" : "error"}
          header={`${a.name} (${a.account_id})`}
          action={<Button onClick={() => void go(`/accounts/${a.account_id}`)}>See what to do</Button>}
        >
          <Status of={a.status.summary} /> Checked {when(a.status.checked_at)}.
        </Alert>
      ))}
    </SpaceBetween>
  );
}

function States({ accounts }: { accounts: Account[] }) {
  const of = (s: string) => accounts.filter((a) => a.status.summary === s).length;
  return (
    <Container header={<Header variant="h2" counter={`(${accounts.length})`}>Accounts</Header>} fitHeight>
      <SpaceBetween size="xs">
        {["connected", "pending", "attention", "broken", "insecure"].map((s) => (
          <Box key={s}>
            <Status of={s} /> {of(s)}
          </Box>
        ))}
      </SpaceBetween>
    </Container>
  );
}

const thisMonth = () => new Date().toISOString().slice(0, 7);

function ThisMonth() {
  const month = useLatestMonth();
  const last = addMonths(month, -1);
  const costs = useCosts({ group_by: "", granularity: "monthly", from: last, to: addMonths(month, 1), metric: "unblended" });
  const of = (m: string) => costs.data?.rows.filter((r) => r.start.startsWith(m)) ?? [];
  return (
    <Container header={<Header variant="h2" description={`${month}, against ${last}`}>Cost this month</Header>} fitHeight>
      <Failure error={costs.error} />
      {costs.isPending && <Box>Adding up…</Box>}
      {costs.data && of(month).length === 0 && <Box color="text-body-secondary">No bill of this month has come in yet.</Box>}
      {of(month).map((r) => (
        <Box key={r.currency}>
          <Box variant="awsui-value-large">
            <span title={exact(r)}>{amount(r)}</span>
          </Box>
          {of(last)
            .filter((l) => l.currency === r.currency)
            .map((l) => (
              <Box key={l.currency} color="text-body-secondary">
                {last}: <span title={exact(l)}>{amount(l)}</span>
              </Box>
            ))}
        </Box>
      ))}
    </Container>
  );
}

// useLatestMonth is the newest month that has a bill: a simulated AWS may live at another time than the browser.
function useLatestMonth(): string {
  const costs = useCosts({ group_by: "", granularity: "monthly", from: addMonths(thisMonth(), -24), to: addMonths(thisMonth(), 24), metric: "unblended" });
  return costs.data?.rows.at(-1)?.start.slice(0, 7) ?? thisMonth();
}

function ByService() {
  const month = useLatestMonth();
  const costs = useCosts({ group_by: "service", granularity: "monthly", from: month, to: addMonths(month, 1), metric: "unblended" });
  return (
    <Table
      header={<Header variant="h2" actions={<Link href="/costs">All costs</Link>}>{`Largest services of ${month}`}</Header>}
      loading={costs.isPending}
      loadingText="Adding up by service…"
      empty="No bill has come in yet."
      items={(costs.data?.rows ?? []).slice(0, 8)}
      columnDefinitions={[
        { id: "service", header: "Service", cell: (r) => r.groups?.service || "–", isRowHeader: true },
        { id: "amount", header: "Amount", cell: (r) => <span title={exact(r)}>{amount(r)}</span> },
      ]}
      footer={<Box>{total(costs.data)}</Box>}
    />
  );
}

const total = (a: CostAnswer | undefined) => (a?.totals ?? []).map((t) => `Total ${amount(t)}`).join(", ");
