import type { Finding, Run } from "./client";

// RunEvent is one thing that happened in a run.
export type RunEvent = { run: Run } | { finding: Finding };

// parse reads one block of a stream of server-sent events; null for heartbeats and for what this console does not know.
export function parse(block: string): RunEvent | null {
  const line = (name: string) =>
    block
      .split("\n")
      .find((l) => l.startsWith(name + ": "))
      ?.slice(name.length + 2);
  const data = line("data");
  if (!data) return null;
  const value: unknown = JSON.parse(data);
  switch (line("event")) {
    case "run":
      return { run: value as Run };
    case "finding":
      return { finding: value as Finding };
  }
  return null;
}
