import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { Account, Step } from "../../api/client";
import { Checking, useCheck } from "../../part/check";
import { Findings } from "../../part/finding";
import { Arriving } from "./arriving";

interface Shown {
  account: Account;
  steps: Step[];
  about: string[]; // the capabilities whose findings belong to this step
  primary: boolean;
  children?: ReactNode; // what the step concludes from it
}

// Confirm is the second half of every step: bursar looks, tells what it sees as it sees it, and says what to do where something is wrong.
export function Confirm({ account: a, steps, about, primary, children }: Shown) {
  const live = useCheck(a.account_id);
  const wrong = (a.findings ?? []).filter((f) => about.includes(f.capability) && (["failed", "warning", "unknown"].includes(f.status) || (f.status === "waiting" && f.remedy && f.code !== "awaiting_first_delivery")));
  return (
    <Container header={<Header variant="h2" description="bursar looks by itself, reads only, and tells what it sees.">Check and confirm</Header>}>
      <SpaceBetween size="m">
        <Checking live={live} primary={primary} />
        {!live.running && children}
        {!live.running && wrong.length > 0 && <Findings items={wrong} />}
        <Arriving account={a} steps={steps} />
      </SpaceBetween>
    </Container>
  );
}
