import type { Schemas } from "../../api/client";
import { when } from "../../part/format";

export type Credential = Schemas["Credential"];

export const madeOf = (c: Credential): string =>
  c.kind === "role" ? `The role of account ${c.account_id ?? "?"}` : `${c.temporary ? "A session's key" : "An access key"} ending in ${c.key_hint ?? "????"}`;

// age says how old the key is, in days: what is old should be rotated.
export function age(c: Credential, now = Date.now()): string {
  if (c.kind === "role") return "nothing that ages";
  const days = Math.floor((now - Date.parse(c.secret_at ?? c.created_at ?? "")) / 86_400_000);
  if (!(days >= 0)) return "–";
  const text = days === 0 ? "today's" : days === 1 ? "1 day" : `${days} days`;
  return days >= 90 ? `${text}: rotate it` : text;
}

export const ends = (c: Credential): string => (c.expires_at ? when(c.expires_at) : "never");

export const usedBy = (c: Credential): string => (c.users?.length ? c.users.map((u) => `${u.name} (${u.kind})`).join(", ") : "nothing");
