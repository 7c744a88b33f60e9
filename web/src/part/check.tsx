import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { answer, api, type Finding, type Run } from "../api/client";
import { type Live, useLive } from "../api/live";
import { Problem } from "../api/problem";
import { Failure } from "./failure";
import { checks, clock, count } from "./format";
import { Status } from "./status";

// useCheck looks at an account: *Check and confirm*.
export function useCheck(account: string) {
  const live = useLive(account, ["check"]);
  const check = () => live.start(() => answer(api.POST("/api/v1/accounts/{account}/check", { params: { path: { account } } })));
  return { ...live, check };
}

// CheckAndConfirm looks at an account while a person watches: each check as it happens, with its time.
export function CheckAndConfirm({ account, primary }: { account: string; primary?: boolean }) {
  return <Checking live={useCheck(account)} primary={primary} />;
}

// Checking is the button, and what it brings about.
export function Checking({ live, primary }: { live: Live & { check: () => Promise<boolean> }; primary?: boolean }) {
  const { run, found, running } = live;
  return (
    <SpaceBetween size="s">
      <Button variant={primary ? "primary" : "normal"} loading={running} loadingText="Checking" onClick={() => void live.check()}>
        Check and confirm
      </Button>
      <Failure error={live.error} />
      {running && <Progress live={live} label="Checking the account" />}
      <div role="status" aria-live="polite">
        <SpaceBetween size="xxs">
          {found.map((f) => (
            <Seen key={f.id} of={f} run={run} />
          ))}
          {!running && run?.state === "succeeded" && <Outcome run={run} found={found} />}
        </SpaceBetween>
      </div>
      <Failure error={run?.error ? new Problem(run.error.message, 409, "", "", run.error.hint ?? "") : null} />
    </SpaceBetween>
  );
}

// Progress shows how far a run is.
export function Progress({ live: { run, seconds }, label }: { live: Live; label: string }) {
  const done = run?.progress.done ?? 0;
  const total = run?.progress.total ?? 0;
  const step = run?.progress.step ?? "";
  return (
    <ProgressBar
      value={(100 * done) / (total || 10)}
      label={label}
      description={step ? (checks[step] ?? step) : "waiting for a free worker"}
      additionalInfo={`${total ? `${count(done)} of ${count(total)}, ` : ""}${seconds} s. You can leave this page: it goes on.`}
    />
  );
}

// Seen is one finding in one line: what it is about, when it was seen, and what was seen.
function Seen({ of: f, run }: { of: Finding; run: Run | null }) {
  return (
    <Box>
      <Status of={f.status} /> <b>{checks[f.check] ?? f.check}</b>{" "}
      <Box variant="small" color="text-body-secondary">
        {[clock(f.at), after(f.at, run?.started_at)].filter(Boolean).join(", ")}
      </Box>
      <Box padding={{ left: "l" }}>{f.message}</Box>
    </Box>
  );
}

// after is how long a run had been going on.
function after(at: string, begun: string | undefined): string {
  const ms = begun ? Date.parse(at) - Date.parse(begun) : NaN;
  return ms >= 0 ? `after ${(ms / 1000).toFixed(1)} s` : "";
}

function Outcome({ run, found }: { run: Run; found: Finding[] }) {
  const failed = found.filter((f) => f.status === "failed").length;
  const mend = found.filter((f) => ["warning", "unknown"].includes(f.status)).length;
  const all = `${found.length} ${found.length === 1 ? "check" : "checks"}, ended ${clock(run.finished_at)}: `;
  if (failed > 0) return <Box fontWeight="bold">{all + `${failed} failed. What to do is said below.`}</Box>;
  if (mend > 0) return <Box fontWeight="bold">{all + `nothing failed; ${mend} to look at below.`}</Box>;
  return <Box fontWeight="bold">{all + "nothing failed."}</Box>;
}
