import Alert from "@cloudscape-design/components/alert";
import { hintOf, messageOf } from "../api/problem";

// Failure says what went wrong, and what to do.
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  return (
    <Alert type="error" header={messageOf(error)} action={undefined} buttonText={retry ? "Try again" : undefined} onButtonClick={retry}>
      {hintOf(error)}
    </Alert>
  );
}
