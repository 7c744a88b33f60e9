import type { Run } from "./client";
import { parse, type RunEvent } from "./event";
import { problemOf } from "./problem";
import { credential } from "./session";


// watchRun follows a run until it has ended. EventSource cannot send a key, so the stream is read by hand; one that breaks off is
// opened again.
export async function watchRun(id: string, each: (e: RunEvent) => void, signal: AbortSignal): Promise<Run> {
  for (let attempt = 0; ; attempt++) {
    const run = await readOnce(id, each, signal);
    if (run && ["succeeded", "partial", "failed", "cancelled"].includes(run.state)) return run;
    if (attempt > 20) throw problemOf(null, 0);
    await new Promise((r) => setTimeout(r, Math.min(500 * (attempt + 1), 5000)));
    signal.throwIfAborted();
  }
}

async function readOnce(id: string, each: (e: RunEvent) => void, signal: AbortSignal): Promise<Run | null> {
  let last: Run | null = null;
  try {
    const response = await fetch(`/api/v1/runs/${encodeURIComponent(id)}/events`, { headers: credential(), signal });
    if (!response.ok || !response.body) throw problemOf(await response.json().catch(() => null), response.status);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return last;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parse(block);
        if (!event) continue;
        if ("run" in event) last = event.run;
        each(event);
      }
    }
  } catch (e) {
    if (signal.aborted || (e instanceof Error && "status" in e && e.status !== 0)) throw e;
    return last;
  }
}
