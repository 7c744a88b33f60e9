import Box from "@cloudscape-design/components/box";
import Wizard from "@cloudscape-design/components/wizard";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { useAccount, useSetup } from "../../api/account";
import { answer, api, type Account, type Step } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { Details, type Draft } from "./details";
import { Done } from "./done";
import { Method } from "./method";
import { StackStep } from "./stack";

// The register wizard. Before the account is there it asks for method and details; from then on its steps are those of the account's
// set-up, so that a registration resumes wherever it stands.
export function Component() {
  const { account: id = "" } = useParams();
  const account = useAccount(id);
  const setup = useSetup(id);
  if (id && (account.isPending || setup.isPending)) return <Box>Reading where the registration stands…</Box>;
  if (account.error || setup.error) return <Failure error={account.error ?? setup.error} />;
  return <Steps key={id} account={account.data ?? null} steps={setup.data?.steps ?? []} />;
}

function Steps({ account, steps }: { account: Account | null; steps: Step[] }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>({ account_id: account?.account_id ?? "", name: account?.name ?? "", partition: account?.partition ?? "aws" });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const next = steps.findIndex((s) => s.state === "next");
  const [active, setActive] = useState(account ? (next >= 0 ? next + 2 : steps.length + 2) : 0);
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [active]);
  useHelp("Register an account", <Help />, []);

  const register = async () => {
    setBusy(true);
    setError(null);
    try {
      const made = await answer(api.POST("/api/v1/accounts", { body: { ...draft, method: "console" } }));
      await queries.invalidateQueries();
      await go(`/accounts/${made.account_id}/register`, { replace: true });
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };

  const field = error instanceof Problem ? error.field : "";
  const pages = [
    { title: "Method", content: <Method fixed={!!account} /> },
    { title: "Basic details", content: <Details draft={draft} change={setDraft} fixed={!!account} error={field ? (error as Problem) : null} /> },
    ...steps.map((s) => ({
      title: s.title,
      isOptional: s.state === "skipped",
      content: account ? <StackStep account={account.account_id} step={s} /> : null,
    })),
    { title: "Done", content: account ? <Done account={account} steps={steps} /> : <Box>The account is not registered yet.</Box> },
  ];
  return (
    <>
      <Failure error={error && !field ? error : null} />
      <Wizard
        i18nStrings={{
          stepNumberLabel: (n) => `Step ${n}`,
          collapsedStepsLabel: (n, of) => `Step ${n} of ${of}`,
          cancelButton: "Leave",
          previousButton: "Back",
          nextButton: active === 1 && !account ? "Register" : "Next",
          submitButton: "Go to the account",
          optional: "optional",
        }}
        steps={pages}
        activeStepIndex={active}
        isLoadingNextStep={busy}
        onCancel={() => void go(account ? `/accounts/${account.account_id}` : "/accounts")}
        onSubmit={() => void go(account ? `/accounts/${account.account_id}` : "/accounts")}
        onNavigate={({ detail }) => {
          if (!account && detail.requestedStepIndex >= 2) return void register();
          setActive(detail.requestedStepIndex);
        }}
      />
    </>
  );
}

function Help() {
  return (
    <>
      <p>
        The access stack creates one role with read-only rights. It trusts bursar&apos;s own identity, and only with the external id that bursar made for
        this account: nobody else can use it, not even through bursar.
      </p>
      <p>The export stack creates a bucket, an export of the bill into it, and a role that reads this export alone.</p>
      <p>You can leave at any time: the registration goes on where it stands.</p>
    </>
  );
}
