import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Schemas } from "../api/client";

export type Member = Schemas["Member"];

// members are the states of a linked account, for people.
export const members: Record<Member["state"], [StatusIndicatorProps.Type, string]> = {
  assumable: ["success", "bursar gets in"],
  not_deployed: ["pending", "No role yet"],
  insecure: ["error", "Insecure"],
  failed: ["error", "Failed"],
  unchecked: ["stopped", "Not checked"],
  pending: ["in-progress", "Being created"],
  suspended: ["stopped", "Suspended"],
  closed: ["stopped", "Closed"],
  left: ["stopped", "Left the organization"],
  in_bill: ["info", "Only seen in the bill"],
};

// MemberState shows a state by icon and word. A role that AWS could not make is told apart from one that nobody asked for.
export function MemberState({ of: m }: { of: Member }) {
  if (m.code === "deployment_failed") return <StatusIndicator type="error">AWS could not make the role</StatusIndicator>;
  if (m.code === "deploying") return <StatusIndicator type="in-progress">AWS is making the role</StatusIndicator>;
  const [type, words] = members[m.state] ?? ["info", m.state];
  return <StatusIndicator type={type}>{words}</StatusIndicator>;
}
