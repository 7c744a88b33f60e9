import Alert from "@cloudscape-design/components/alert";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import type { Account, Schemas } from "../../api/client";
import { Access } from "./access";
import { Details } from "./details";
import { Done } from "./done";
import { Export } from "./export";
import { Frame, type Page } from "./frame";
import { Members } from "./members";
import { Method } from "./method";

interface Shown {
  account: Account;
  setup: Schemas["Setup"];
}

// Resume is the wizard of a registered account. Without a step in its address it opens the first one that is left to be done.
export function Resume({ account: a, setup }: Shown) {
  const go = useNavigate();
  const [params, setParams] = useSearchParams();
  const [held, setHeld] = useState<string | null>(null); // the step that a person wants to leave undone
  const [begun] = useState(() => firstLeft(setup.steps));
  const pages = pagesOf(a, setup);
  const lacking = (page: string) => undone(setup.steps, page);
  const asked = params.get("step") ?? begun;
  const at = pages.some((p) => p.id === asked) ? asked : firstLeft(setup.steps);
  const leave = () => void go(`/accounts/${a.account_id}`);
  const show = (to: string) => {
    setHeld(null);
    setParams({ step: to }, { replace: true });
  };
  const move = (to: string, from: string) => {
    const order = pages.map((p) => p.id);
    if (order.indexOf(to) > order.indexOf(from) && lacking(from)) return setHeld(from);
    show(to);
  };
  const after = pages[pages.findIndex((p) => p.id === at) + 1]?.id ?? "done";
  const notYet = held === at && lacking(at) && <Held at={at} account={a} goOn={at === "access" ? leave : () => show(after)} />;
  return <Frame pages={pages} at={at} last="Go to the account" leave={leave} submit={leave} move={move} foot={notYet} />;
}

// partsOf are the steps of a set-up that a page of the wizard is about: the bucket is a part of the export.
const partsOf = (steps: Schemas["Step"][], page: string) => steps.filter((s) => s.id === page || (page === "export" && s.id === "bucket"));

const undone = (steps: Schemas["Step"][], page: string): boolean => partsOf(steps, page).some((s) => s.state === "next" || s.state === "later");

// firstLeft is the first page with something to do, the optional one included.
function firstLeft(steps: Schemas["Step"][]): string {
  for (const page of ["access", "export"]) if (undone(steps, page)) return page;
  return steps.some((s) => s.id === "members" && s.state !== "done") ? "members" : "done";
}

function pagesOf(a: Account, setup: Schemas["Setup"]): Page[] {
  const access = setup.steps.find((s) => s.id === "access");
  const members = setup.steps.find((s) => s.id === "members");
  const draft = { account_id: a.account_id, name: a.name, role_arn: a.role_arn, partition: a.partition };
  const known = a.kind !== "unknown" || access?.state === "done"; // nothing more is to come
  return [
    { id: "method", title: "Method", content: <Method value={setup.method} /> },
    { id: "details", title: "Basic details", content: <Details method={setup.method} draft={draft} error={null} /> },
    { id: "access", title: "API access", content: access && <Access account={a} setup={setup} step={access} />, next: a.kind === "linked" ? "Confirm and finish" : "Next" },
    ...(partsOf(setup.steps, "export").length > 0 ? [{ id: "export", title: "Billing export", content: <Export account={a} setup={setup} /> }] : known ? [] : [{ id: "export", title: "Billing export" }]),
    ...(members
      ? [{ id: "members", title: "Linked accounts", optional: true, content: <Members account={a} setup={setup} step={members} />, next: members.state === "done" ? "Finish" : "Skip and finish" }]
      : known
        ? []
        : [{ id: "members", title: "Linked accounts", optional: true }]),
    { id: "done", title: "Done", content: <Done account={a} steps={setup.steps} /> },
  ];
}

// Held says why the wizard does not go on, and how it would.
function Held({ at, account: a, goOn }: { at: string; account: Account; goOn: () => void }) {
  const access = at === "access";
  return (
    <Alert type="warning" header={access ? "API access is not confirmed yet" : "The billing export is not confirmed yet"} buttonText={access ? "Leave, and come back later" : "Go on without a bill"} onButtonClick={goOn}>
      {access
        ? "Everything else needs it. Do the step in AWS, then press Check and confirm; what is wrong is said below it. The registration can be left here: it goes on at this step."
        : `Do the step in AWS, then press Check and confirm. Without it bursar has no costs of ${a.account_id}; it can be done at any later time.`}
    </Alert>
  );
}
