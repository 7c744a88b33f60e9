import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { type Me, useMe } from "../../api/me";
import { hintOf, messageOf, Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { useHelp } from "../../shell/help";
import { Keys } from "./keys";
import { Sessions } from "./sessions";

export function Component() {
  const me = useMe();
  useHelp("Profile", <p>What concerns you alone. Whatever is changed here is in the audit log of the workspaces that you are in.</p>);
  if (me.error) return <Failure error={me.error} retry={() => void me.refetch()} />;
  if (!me.data) return <Box>Reading who you are…</Box>;
  const m = me.data;
  return (
    <ContentLayout header={<Header variant="h1">Profile</Header>}>
      <SpaceBetween size="l">
        <Container>
          <KeyValuePairs
            columns={4}
            items={[
              { label: m.kind === "key" ? "Key" : "E-mail address", value: m.kind === "key" ? m.name : (m.email ?? "–") },
              { label: "Workspace", value: m.workspace.name },
              { label: "Role", value: m.role },
              { label: "You may", value: m.actions.join(", ") },
            ]}
          />
        </Container>
        {m.kind === "key" ? (
          <Alert type="info" header="You are here with a key">
            A key has no name to change, no password and no sessions. Accept an invitation, or open the owner&apos;s set-up link, to have an account of your own.
          </Alert>
        ) : (
          <>
            <Name me={m} />
            <Password />
            <Sessions />
          </>
        )}
        <Keys me={m} />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Name({ me }: { me: Me }) {
  const queries = useQueryClient();
  const [name, setName] = useState(me.name);
  const change = useMutation({
    mutationFn: () => answer(api.PATCH("/api/v1/me", { body: { name } })),
    onSuccess: (m) => queries.setQueryData(["me"], m),
  });
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        change.mutate();
      }}
    >
      <Container header={<Header variant="h2">Your name</Header>}>
        <SpaceBetween size="m">
          <FormField label="Name" errorText={change.error ? `${messageOf(change.error)}. ${hintOf(change.error)}` : undefined}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} autoComplete="name" />
          </FormField>
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Button formAction="submit" loading={change.isPending} disabled={name === me.name}>
              Change name
            </Button>
            <div role="status">{change.isSuccess && name === me.name && "Changed."}</div>
          </SpaceBetween>
        </SpaceBetween>
      </Container>
    </form>
  );
}

function Password() {
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => answer(api.PUT("/api/v1/me/password", { body: { current, password: next } })),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const wrong = (field: string) => (change.error instanceof Problem && change.error.field === field ? `${change.error.message}. ${change.error.hint}` : undefined);
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        change.mutate();
      }}
    >
      <Container header={<Header variant="h2" description="Every other session of yours ends.">Password</Header>}>
        <SpaceBetween size="m">
          <FormField label="Current password" errorText={wrong("current")}>
            <Input type="password" value={current} onChange={({ detail }) => setCurrent(detail.value)} autoComplete="current-password" />
          </FormField>
          <FormField label="New password" description="12 characters at least." errorText={wrong("password")}>
            <Input type="password" value={next} onChange={({ detail }) => setNext(detail.value)} autoComplete="new-password" />
          </FormField>
          {!wrong("current") && !wrong("password") && <Failure error={change.error} />}
          <SpaceBetween direction="horizontal" size="xs" alignItems="center">
            <Button formAction="submit" loading={change.isPending} disabled={!current || !next}>
              Change password
            </Button>
            <div role="status">{change.isSuccess && "Changed. Your other sessions have ended."}</div>
          </SpaceBetween>
        </SpaceBetween>
      </Container>
    </form>
  );
}
