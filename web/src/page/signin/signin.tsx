import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useState } from "react";
import { hintOf, messageOf, problemOf } from "../../api/problem";
import { session } from "../../api/session";
import { send } from "./send";

interface Methods {
  oidc?: { name: string; url: string };
}

// SignIn lets a person in by password or at their identity provider, and a tab with a key.
export function SignIn() {
  const [methods, setMethods] = useState<Methods>({});
  useEffect(() => {
    void fetch("/api/v1/session/methods")
      .then((r) => (r.ok ? (r.json() as Promise<Methods>) : {}))
      .then(setMethods, () => null);
  }, []);
  return (
    <main>
      <Box margin="xxl" padding="xxl">
        <SpaceBetween size="l">
          <ByPassword provider={methods.oidc} />
          <ByKey />
        </SpaceBetween>
      </Box>
    </main>
  );
}

// Ask is a form that tries what was typed, and says what was wrong.
export function Ask(p: { label: string; attempt: () => Promise<void>; beside?: ReactNode; first?: string; children: ReactNode }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await p.attempt();
    } catch (e) {
      setError(e instanceof TypeError ? problemOf(null, 0) : e);
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void submit();
      }}
    >
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {p.beside}
            <Button variant="primary" loading={busy} formAction="submit">
              {p.label}
            </Button>
          </SpaceBetween>
        }
        errorText={error ? `${messageOf(error)} ${hintOf(error)}` : p.first}
      >
        {p.children}
      </Form>
    </form>
  );
}

const failures: Record<string, string> = {
  no_workspace: "None of your groups lets you in, and nobody has invited you. Ask an owner or administrator.",
  email_unverified: "The identity provider has verified no e-mail address of yours. Verify it there, then try again.",
  email_taken: "Your address belongs to somebody else here. Ask an owner to remove the person who had it before.",
  provider_unavailable: "The identity provider does not answer. Try again.",
};

// failure is what went wrong at the identity provider, which sends the browser back with a reason.
function failure(): string | undefined {
  const reason = new URLSearchParams(window.location.hash.slice(1)).get("failed");
  return reason ? (failures[reason] ?? "The identity provider did not let you in. Try again.") : undefined;
}

function ByPassword({ provider }: { provider?: Methods["oidc"] }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const attempt = async () => {
    await send("/api/v1/session", { email: email.trim(), password });
    session.welcome();
  };
  return (
    <Ask label="Continue" attempt={attempt} first={failure()} beside={provider && <Button href={provider.url}>Continue with {provider.name}</Button>}>
      <Container header={<Header variant="h1" description="bursar connects AWS accounts safely and owns their bills.">Sign in</Header>}>
        <SpaceBetween size="m">
          <FormField label="E-mail address">
            <Input type="email" value={email} onChange={({ detail }) => setEmail(detail.value)} autoFocus autoComplete="username" />
          </FormField>
          <FormField label="Password">
            <Input type="password" value={password} onChange={({ detail }) => setPassword(detail.value)} autoComplete="current-password" />
          </FormField>
        </SpaceBetween>
      </Container>
    </Ask>
  );
}

function ByKey() {
  const [key, setKey] = useState("");
  const attempt = async () => {
    const response = await fetch("/api/v1/me", { headers: { Authorization: `Bearer ${key.trim()}` } });
    if (!response.ok) throw problemOf(await response.json().catch(() => null), response.status);
    session.begin(key.trim());
  };
  return (
    <Ask label="Sign in with the key" attempt={attempt}>
      <Container header={<Header variant="h2">With a key</Header>}>
        <FormField label="API key" description="The owner's key was printed once at the first start. It stays in this tab alone.">
          <Input type="password" value={key} onChange={({ detail }) => setKey(detail.value)} placeholder="bur_…" autoComplete="off" />
        </FormField>
      </Container>
    </Ask>
  );
}
