import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { hintOf, messageOf } from "../../api/problem";
import { session } from "../../api/session";
import { send } from "./send";
import { Ask } from "./signin";

interface Invited {
  workspace: string;
  email?: string;
  role: string;
  expires_at: string;
}

// Invitation opens the link that a person was handed. Its token stands behind the #, which browsers send to no server, and is taken out of
// the address at once.
export function Invitation() {
  const [token] = useState(() => window.location.hash.slice(1));
  const [invited, setInvited] = useState<Invited | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    window.history.replaceState(null, "", "/invitation");
    send<Invited>("/api/v1/invitation/look", { token }).then(setInvited, setError);
  }, [token]);
  return (
    <main>
      <Box margin="xxl" padding="xxl">
        {error ? (
          <Container header={<Header variant="h1">This link cannot be used</Header>}>
            {messageOf(error)} {hintOf(error)}
          </Container>
        ) : (
          invited && <Accept token={token} invited={invited} />
        )}
      </Box>
    </main>
  );
}

function Accept({ token, invited }: { token: string; invited: Invited }) {
  const go = useNavigate();
  const [email, setEmail] = useState(invited.email ?? "");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const attempt = async () => {
    await send("/api/v1/invitation/accept", { token, email: email.trim(), name: name.trim(), password });
    session.welcome();
    await go("/");
  };
  return (
    <Ask label="Come in" attempt={attempt}>
      <Container header={<Header variant="h1" description={`You become ${invited.role} of the workspace “${invited.workspace}”.`}>Welcome to bursar</Header>}>
        <SpaceBetween size="m">
          <FormField label="E-mail address">
            <Input type="email" value={email} onChange={({ detail }) => setEmail(detail.value)} disabled={!!invited.email} autoComplete="username" />
          </FormField>
          <FormField label="Your name" description="Only if you are new here.">
            <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus autoComplete="name" />
          </FormField>
          <FormField label="Password" description="Choose one of 12 characters or more; if you are known here already, give the one that you have.">
            <Input type="password" value={password} onChange={({ detail }) => setPassword(detail.value)} autoComplete="new-password" />
          </FormField>
        </SpaceBetween>
      </Container>
    </Ask>
  );
}
