import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const looks: Record<string, [StatusIndicatorProps.Type, string]> = {
  connected: ["success", "Connected"],
  pending: ["pending", "Pending"],
  attention: ["warning", "Needs attention"],
  broken: ["error", "Broken"],
  insecure: ["error", "Insecure"],
  ok: ["success", "OK"],
  waiting: ["in-progress", "Waiting"],
  late: ["warning", "Late"],
  degraded: ["warning", "Degraded"],
  failed: ["error", "Failed"],
  warning: ["warning", "Warning"],
  unknown: ["info", "Unknown"],
  skipped: ["stopped", "Skipped"],
  not_set_up: ["stopped", "Not set up"],
  awaiting_first_delivery: ["in-progress", "Awaiting the first delivery"],
  receiving: ["success", "Receiving"],
  stale: ["warning", "Stale"],
  queued: ["pending", "Queued"],
  running: ["loading", "Running"],
  succeeded: ["success", "Succeeded"],
  cancelled: ["stopped", "Cancelled"],
  published: ["success", "Published"],
  superseded: ["stopped", "Superseded"],
  rejected: ["error", "Rejected"],
  active: ["success", "Active"],
  expired: ["stopped", "Expired"],
  revoked: ["stopped", "Revoked"],
  unchecked: ["pending", "Not checked yet"],
  expiring: ["warning", "Ends soon"],
  allowed: ["success", "Allowed"],
  never: ["pending", "Not asked yet"],
  no_data: ["info", "Nothing to tell"],
  throttled: ["warning", "Slowed down by AWS"],
  budget: ["stopped", "Stopped by a budget"],
  sent: ["in-progress", "Sent"],
  answered: ["success", "Answered"],
  cached: ["success", "Known already"],
  unanswered: ["warning", "No answer: counts as paid"],
  denied: ["error", "Denied"],
  not_enabled: ["warning", "Not enabled"],
  partial: ["warning", "Partial"],
  usable: ["success", "Usable"],
  unusable: ["error", "Cannot be used"],
  paused: ["stopped", "Paused"],
  done: ["success", "Done"],
  next: ["pending", "To do"],
  later: ["stopped", "Later"],
};

// wordOf is what people call a state.
export const wordOf = (state: string): string => looks[state]?.[1] ?? (state === "none" ? "None" : state);

// Status shows a state by icon and word: never by colour alone.
export function Status({ of }: { of: string | undefined }) {
  if (!of) return <StatusIndicator type="stopped">None</StatusIndicator>;
  const [type, words] = looks[of] ?? ["info", of];
  return <StatusIndicator type={type}>{words}</StatusIndicator>;
}
