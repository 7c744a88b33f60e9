import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api, type Run } from "../../api/client";
import { watchRun } from "../../api/events";

const going = (r: Run) => r.state === "queued" || r.state === "running";

// useAsking follows a run of a source: one that was begun here, or one that was under way already.
export function useAsking(source: string) {
  const queries = useQueryClient();
  const [run, setRun] = useState<Run | null>(null);
  const [error, setError] = useState<unknown>(null);
  const leave = useRef(new AbortController());
  const follow = useCallback(
    async (begun: Run, signal: AbortSignal) => {
      setRun(begun);
      const end = await watchRun(begun.id, (e) => "run" in e && setRun(e.run), signal);
      setRun(end);
      await queries.invalidateQueries();
    },
    [queries],
  );
  useEffect(() => {
    const ctl = new AbortController();
    leave.current = ctl;
    void answer(api.GET("/api/v1/runs", { params: { query: { limit: 50 } }, signal: ctl.signal }))
      .then((list) => list.items?.find((r) => r.account_id === source && going(r)))
      .then((begun) => (begun ? follow(begun, ctl.signal) : undefined))
      .catch(() => undefined); // nothing is under way that could be told
    return () => ctl.abort();
  }, [source, follow]);
  const start = async (begin: () => Promise<Run>) => {
    setError(null);
    try {
      await follow(await begin(), leave.current.signal);
    } catch (e) {
      if (!leave.current.signal.aborted) setError(e);
    }
  };
  return { run, error, busy: run !== null && going(run), start };
}

export type Asking = ReturnType<typeof useAsking>;
