import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, pages, type Schemas } from "../../api/client";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";
import { when } from "../../part/format";
import { useHelp } from "../../shell/help";

type User = Schemas["User"];
type Role = User["role"];

const roles: Role[] = ["owner", "administrator", "member", "viewer", "auditor"];
const options = roles.map((r) => ({ value: r, label: r }));

export function Component() {
  const queries = useQueryClient();
  const settled = { onSettled: () => void queries.invalidateQueries({ queryKey: ["people"] }) };
  const people = useQuery({ queryKey: ["people", "users"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/users", { params: { query: { cursor } } }))) });
  const invitations = useQuery({ queryKey: ["people", "invitations"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/invitations", { params: { query: { cursor } } }))) });
  const change = useMutation({ mutationFn: (c: { user: string; role: Role }) => answer(api.PATCH("/api/v1/users/{user}", { params: { path: { user: c.user } }, body: { role: c.role } })), ...settled });
  const remove = useMutation({ mutationFn: (user: string) => done(api.DELETE("/api/v1/users/{user}", { params: { path: { user } } })), ...settled });
  const withdraw = useMutation({ mutationFn: (invitation: string) => done(api.DELETE("/api/v1/invitations/{invitation}", { params: { path: { invitation } } })), ...settled });
  useHelp("People", <p>A changed role counts with the person&apos;s next request. Who may do what is one table: it is in the documentation.</p>);
  return (
    <ContentLayout header={<Header variant="h1">People</Header>}>
      <SpaceBetween size="l">
        <Failure error={people.error ?? invitations.error ?? change.error ?? remove.error ?? withdraw.error} />
        <Invite />
        <Table<User>
          header={<Header variant="h2" counter={`(${people.data?.length ?? 0})`}>In this workspace</Header>}
          loading={people.isPending}
          loadingText="Reading people…"
          empty="Nobody has an account yet: keys are used alone."
          items={people.data ?? []}
          columnDefinitions={[
            { id: "name", header: "Name", cell: (u) => u.name || "–", isRowHeader: true },
            { id: "email", header: "E-mail address", cell: (u) => u.email },
            { id: "role", header: "Role", cell: (u) => <Select ariaLabel={`Role of ${u.email}`} selectedOption={{ value: u.role, label: u.role }} options={options} onChange={({ detail }) => change.mutate({ user: u.id, role: detail.selectedOption.value as Role })} /> },
            { id: "since", header: "Since", cell: (u) => when(u.since) },
            { id: "seen", header: "Last seen", cell: (u) => when(u.last_seen_at) },
            { id: "remove", header: "Remove", cell: (u) => <Button ariaLabel={`Remove ${u.email}`} loading={remove.isPending && remove.variables === u.id} onClick={() => remove.mutate(u.id)}>Remove</Button> },
          ]}
        />
        <Table
          header={<Header variant="h2">Invitations that wait</Header>}
          loading={invitations.isPending}
          loadingText="Reading invitations…"
          empty="Nobody is invited."
          items={invitations.data ?? []}
          columnDefinitions={[
            { id: "email", header: "E-mail address", cell: (i) => i.email || "the first owner", isRowHeader: true },
            { id: "role", header: "Role", cell: (i) => i.role },
            { id: "by", header: "Invited", cell: (i) => `${when(i.created_at)} by ${i.created_by}` },
            { id: "expires", header: "Ends", cell: (i) => when(i.expires_at) },
            { id: "withdraw", header: "Withdraw", cell: (i) => <Button ariaLabel={`Withdraw the invitation of ${i.email ?? "the first owner"}`} onClick={() => withdraw.mutate(i.id)}>Withdraw</Button> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

// done waits for a call that answers with nothing.
const done = async (call: Promise<{ error?: unknown; response: Response }>) => {
  await answer(call.then((r) => ({ ...r, data: r.response.ok ? true : undefined })));
};

function Invite() {
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const invite = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/invitations", { body: { email: email.trim(), role } })),
    onSuccess: () => setEmail(""),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["people"] }),
  });
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        invite.mutate();
      }}
    >
      <Container header={<Header variant="h2" description="bursar sends no mail: the link is shown to you, once." actions={<Button formAction="submit" variant="primary" loading={invite.isPending}>Invite</Button>}>Invite somebody</Header>}>
        <SpaceBetween size="m">
          <FormField label="E-mail address">
            <Input type="email" value={email} onChange={({ detail }) => setEmail(detail.value)} />
          </FormField>
          <FormField label="Role">
            <Select selectedOption={{ value: role, label: role }} options={options} onChange={({ detail }) => setRole(detail.selectedOption.value as Role)} />
          </FormField>
          <Failure error={invite.error} />
          {invite.data?.link && (
            <Alert type="success" header={`The link for ${invite.data.email ?? "them"}: it is shown this once`}>
              <Code text={invite.data.link} what="link" />
            </Alert>
          )}
        </SpaceBetween>
      </Container>
    </form>
  );
}
