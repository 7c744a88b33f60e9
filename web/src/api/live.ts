import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api, type Finding, type Run } from "./client";
import { watchRun } from "./events";

const going = (run: Run | null) => run !== null && ["queued", "running"].includes(run.state);

// useLive begins a run of an account and follows it. A run of one of the kinds that is under way already, because a person left and has
// come back, is followed too.
export function useLive(account: string, kinds: string[]) {
  const queries = useQueryClient();
  const [run, setRun] = useState<Run | null>(null);
  const [found, setFound] = useState<Finding[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [seconds, setSeconds] = useState(0);
  const [asked, setAsked] = useState(false);
  const leave = useRef<AbortController>(null);
  const running = asked || going(run);

  const follow = useCallback(
    async (begun: Run, signal: AbortSignal) => {
      setRun(begun);
      const end = await watchRun(begun.id, (e) => ("run" in e ? setRun(e.run) : setFound((f) => (f.some((x) => x.id === e.finding.id) ? f : [...f, e.finding]))), signal);
      await queries.invalidateQueries();
      setRun(end);
    },
    [queries],
  );

  useEffect(() => {
    const ctl = new AbortController();
    leave.current = ctl;
    void answer(api.GET("/api/v1/runs", { params: { query: { account, limit: 10 } }, signal: ctl.signal }))
      .then((list) => list.items?.find((r) => kinds.includes(r.kind) && going(r)))
      .then((begun) => (begun && !ctl.signal.aborted ? follow(begun, ctl.signal) : undefined))
      .catch(() => undefined); // nothing is under way that could be told
    return () => leave.current?.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [account, follow]);

  useEffect(() => {
    if (!running) return;
    const began = Date.now();
    setSeconds(0);
    const t = setInterval(() => setSeconds(Math.round((Date.now() - began) / 1000)), 500);
    return () => clearInterval(t);
  }, [running]);

  const start = async (begin: () => Promise<Run>): Promise<boolean> => {
    leave.current?.abort();
    const ctl = new AbortController();
    leave.current = ctl;
    setAsked(true);
    setError(null);
    setFound([]);
    try {
      let begun = await begin();
      if (begun.state === "running") { // it looked before the person was ready: its answers may be old
        await follow(begun, ctl.signal);
        setFound([]);
        begun = await begin();
      }
      await follow(begun, ctl.signal);
      return true;
    } catch (e) {
      if (!ctl.signal.aborted) setError(e);
      return false;
    } finally {
      if (!ctl.signal.aborted) setAsked(false);
    }
  };
  return { run, found, error, seconds, running, start };
}

export type Live = ReturnType<typeof useLive>;
