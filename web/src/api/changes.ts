import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { credential } from "./session";

// What pages ask, by the topic that makes them ask again.
const asked: Record<string, string[]> = {
  accounts: ["accounts", "account", "setup", "findings", "candidates", "unregistered"],
  members: ["members", "unregistered"],
  events: ["events"],
  runs: ["runs", "run", "sources", "source"],
  deliveries: ["deliveries", "delivery", "exports", "costs"],
  keys: ["keys"],
  people: ["people", "me"],
  workspaces: ["me", "workspaces"],
  audit: ["audit"],
  settings: ["settings"],
};

// refresh asks again what shows one of the topics. No topics: everything, because something may have been missed.
function refresh(queries: QueryClient, topics: string[]) {
  if (topics.length === 0) return void queries.invalidateQueries();
  const names = new Set(topics.flatMap((t) => asked[t] ?? []));
  void queries.invalidateQueries({ predicate: (q) => names.has(String(q.queryKey[0])) });
}

// topicsOf reads one block of the stream; null for what is none of its events.
export function topicsOf(block: string): string[] | null {
  const lines = block.split("\n");
  const data = lines.find((l) => l.startsWith("data: "))?.slice(6);
  if (!data || !lines.includes("event: changes")) return null;
  return (JSON.parse(data) as { topics: string[] }).topics;
}

async function listen(each: (topics: string[]) => void, signal: AbortSignal) {
  const response = await fetch("/api/v1/changes", { headers: credential(), signal });
  if (!response.ok || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const topics of blocks.map(topicsOf)) if (topics) each(topics);
  }
}

// useChanges keeps what the pages show as it is, while the tab is seen: browsers allow few streams to one server, and hidden tabs would use them up.
export function useChanges() {
  const queries = useQueryClient();
  useEffect(() => {
    let ctl = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let first = true;
    const run = async () => {
      const mine = ctl;
      await listen((topics) => {
        if (topics.length > 0 || !first) refresh(queries, topics);
        first = false;
      }, mine.signal).catch(() => undefined); // it is opened again
      if (!mine.signal.aborted) timer = setTimeout(() => void run(), 3_000);
    };
    const look = () => {
      ctl.abort();
      clearTimeout(timer);
      if (document.hidden) return;
      ctl = new AbortController();
      void run();
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      ctl.abort();
      clearTimeout(timer);
    };
  }, [queries]);
}
