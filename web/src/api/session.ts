// Who uses this tab: a program's key that was typed in, which lives as long as the tab, or a person whose session is in a cookie that no
// script can read.
export type Caller = { kind: "asking" } | { kind: "nobody" } | { kind: "person" } | { kind: "key"; key: string };

const slot = "bursar.key";
const listeners = new Set<() => void>();
const kept = globalThis.sessionStorage?.getItem(slot); // the tests of what is thought, not shown, have no browser
let caller: Caller = kept ? { kind: "key", key: kept } : { kind: "asking" };

function become(next: Caller) {
  caller = next;
  if (next.kind === "key") sessionStorage.setItem(slot, next.key);
  else sessionStorage.removeItem(slot);
  listeners.forEach((f) => f());
}

export const session = {
  caller: (): Caller => caller,
  begin: (key: string) => become({ kind: "key", key }),
  welcome: () => become({ kind: "person" }),
  // lost is said by an answer: the key or the session is not in force any more.
  lost: () => become({ kind: "nobody" }),
  // ask finds out whether the browser has a session.
  async ask() {
    if (caller.kind !== "asking") return;
    const response = await fetch("/api/v1/me").catch(() => null);
    if (caller.kind === "asking") become({ kind: response?.ok ? "person" : "nobody" });
  },
  async end() {
    if (caller.kind === "person") await fetch("/api/v1/session", { method: "DELETE", headers: credential() }).catch(() => null);
    become({ kind: "nobody" });
  },
  subscribe(f: () => void) {
    listeners.add(f);
    return () => void listeners.delete(f);
  },
};

// credential is what every request carries: the key, or the header that no other site can send along with the cookie.
export function credential(): Record<string, string> {
  return caller.kind === "key" ? { Authorization: `Bearer ${caller.key}` } : { "X-Bursar-Csrf": "1" };
}
