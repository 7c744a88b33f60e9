import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import { type States, states, useStates } from "../../api/account";
import { Failure } from "../../part/failure";
import { count } from "../../part/format";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Attention } from "./attention";
import { Largest, ThisMonth } from "./cost";
import { Freshness } from "./freshness";

export function Component() {
  const go = useNavigate();
  const accounts = useStates();
  useHelp("Home", <p>What needs attention stands on top. Everything links to where it can be mended.</p>);
  if (accounts.isPending) return <Box>Looking for accounts…</Box>;
  if (accounts.error) return <Failure error={accounts.error} retry={accounts.retry} />;
  return (
    <ContentLayout header={<Header variant="h1" actions={<Button variant="primary" onClick={() => void go("/accounts/register")}>Register an account</Button>}>Home</Header>}>
      {accounts.total === 0 ? <FirstStep /> : <Overview accounts={accounts} />}
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
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="primary" onClick={() => void go("/accounts/register")}>
            Register an account
          </Button>
        </SpaceBetween>
        <Box color="text-body-secondary">A bill that you have as files needs no account: “bursar bill import PATH --account ID” takes it in.</Box>
      </SpaceBetween>
    </Container>
  );
}

function Overview({ accounts }: { accounts: States }) {
  const half = { colspan: { default: 12, xs: 6 } } as const;
  return (
    <SpaceBetween size="l">
      <Attention accounts={accounts} />
      <ThisMonth />
      <Grid gridDefinition={[half, half, half, half]}>
        <Largest by="service" title="Largest services" />
        <Largest by="account" title="Largest accounts" />
        <ByState accounts={accounts} />
        <Freshness />
      </Grid>
    </SpaceBetween>
  );
}

function ByState({ accounts }: { accounts: States }) {
  const go = useNavigate();
  return (
    <Container header={<Header variant="h2" counter={`(${count(accounts.total)})`} actions={<Button onClick={() => void go("/accounts")}>Accounts</Button>}>Accounts by state</Header>} fitHeight>
      <SpaceBetween size="xs">
        {states.map((s) => (
          <Box key={s}>
            <Status of={s} /> {count(accounts.of.get(s)?.total ?? 0)}
          </Box>
        ))}
      </SpaceBetween>
    </Container>
  );
}

