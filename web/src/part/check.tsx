import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { answer, api, type Finding, type Run } from "../api/client";
import { watchRun } from "../api/events";
import { Failure } from "./failure";
import { Status } from "./status";

// CheckAndConfirm looks at an account while a person watches: each check as it happens, with its time.
export function CheckAndConfirm({ account, primary, done }: { account: string; primary?: boolean; done?: () => void }) {
  const queries = useQueryClient();
  const [run, setRun] = useState<Run | null>(null);
  const [found, setFound] = useState<Finding[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [seconds, setSeconds] = useState(0);
  const leave = useRef<AbortController>(null);
  const running = run !== null && ["queued", "running"].includes(run.state);

  useEffect(() => () => leave.current?.abort(), []);
  useEffect(() => {
    if (!running) return;
    const began = Date.now();
    const t = setInterval(() => setSeconds(Math.round((Date.now() - began) / 1000)), 500);
    return () => clearInterval(t);
  }, [running]);

  const start = async () => {
    const ctl = new AbortController();
    leave.current = ctl;
    setError(null);
    setFound([]);
    setSeconds(0);
    try {
      const begun = await answer(api.POST("/api/v1/accounts/{account}/check", { params: { path: { account } } }));
      setRun(begun);
      const end = await watchRun(
        begun.id,
        (e) => ("run" in e ? setRun(e.run) : setFound((f) => (f.some((x) => x.id === e.finding.id) ? f : [...f, e.finding]))),
        ctl.signal,
      );
      setRun(end);
      done?.();
    } catch (e) {
      if (!ctl.signal.aborted) setError(e);
    } finally {
      void queries.invalidateQueries();
    }
  };

  return (
    <SpaceBetween size="s">
      <Button variant={primary ? "primary" : "normal"} loading={running} loadingText="Checking" onClick={() => void start()}>
        Check and confirm
      </Button>
      <Failure error={error} />
      {running && (
        <ProgressBar
          value={(100 * (run.progress.done ?? 0)) / (run.progress.total || 10)}
          label="Checking the account"
          description={run.progress.step || "waiting for a free worker"}
          additionalInfo={`${seconds} s. You can leave this page: the check goes on.`}
        />
      )}
      <div role="status" aria-live="polite">
        {found.map((f) => (
          <Box key={f.id}>
            <Status of={f.status} /> <b>{f.check}</b>: {f.message}
          </Box>
        ))}
      </div>
      {run?.error && <Failure error={new Error(run.error.message)} />}
    </SpaceBetween>
  );
}
