import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { hintOf, messageOf, problemOf } from "../../api/problem";
import { session } from "../../api/session";

// SignIn tries a key before it keeps it.
export function SignIn() {
  const [key, setKey] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      const response = await fetch("/api/v1/accounts?limit=1", { headers: { Authorization: `Bearer ${key.trim()}` } });
      if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
      session.begin(key.trim());
    } catch (e) {
      setError(e instanceof TypeError ? problemOf(null, 0) : e);
      setBusy(false);
    }
  };
  return (
    <main>
      <Box margin="xxl" padding="xxl">
        <form
          onSubmit={(e) => {
            e.preventDefault();
            void submit();
          }}
        >
          <Form actions={<Button variant="primary" loading={busy} formAction="submit">Sign in</Button>} errorText={error ? `${messageOf(error)} ${hintOf(error)}` : undefined}>
            <Container header={<Header variant="h1" description="bursar connects AWS accounts safely and owns their bills.">Sign in</Header>}>
              <FormField label="API key" description="The owner's key was printed once at the first start. It stays in this tab alone.">
                <Input type="password" value={key} onChange={({ detail }) => setKey(detail.value)} placeholder="bur_…" autoFocus autoComplete="current-password" />
              </FormField>
            </Container>
          </Form>
        </form>
      </Box>
    </main>
  );
}
