import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { answer, api, type Schemas } from "../../api/client";
import { type Me, useMay, useMe } from "../../api/me";
import { hintOf, messageOf } from "../../api/problem";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";
import { when } from "../../part/format";
import { useHelp } from "../../shell/help";

type Workspace = Schemas["Workspace"];

export function Component() {
  const go = useNavigate();
  const me = useMe();
  const may = useMay();
  const queries = useQueryClient();
  const [naming, setNaming] = useState<Workspace | "new" | null>(null);
  const [key, setKey] = useState<Workspace | null>(null);
  const list = useQuery({ queryKey: ["workspaces"], queryFn: () => answer(api.GET("/api/v1/workspaces")) });
  const move = useMutation({
    mutationFn: (workspace_id: string) => answer(api.PUT("/api/v1/session/workspace", { body: { workspace_id } })),
    onSuccess: async (there) => {
      queries.clear();
      queries.setQueryData<Me>(["me"], there);
      await go("/");
    },
  });
  useHelp("Workspaces", <p>Everything belongs to one workspace: a company, or one customer. Nothing of one is seen from another. People have a role in each that they are in.</p>);
  const here = me.data?.workspace.id;
  return (
    <ContentLayout header={<Header variant="h1">Workspaces</Header>}>
      <SpaceBetween size="l">
        <Failure error={list.error ?? move.error} />
        {key?.key && (
          <Alert type="success" dismissible onDismiss={() => setKey(null)} header={`The owner's key of ${key.name}: it is shown this once`}>
            <Code text={key.key} what="key" />
          </Alert>
        )}
        <Table<Workspace>
          header={
            <Header variant="h2" counter={`(${list.data?.items.length ?? 0})`} actions={may("workspaces:create") && <Button variant="primary" onClick={() => setNaming("new")}>Create a workspace</Button>}>
              Yours
            </Header>
          }
          loading={list.isPending}
          loadingText="Reading workspaces…"
          items={list.data?.items ?? []}
          columnDefinitions={[
            { id: "name", header: "Name", cell: (w) => w.name + (w.id === here ? " (you are here)" : ""), isRowHeader: true },
            { id: "role", header: "Your role", cell: (w) => w.role ?? "–" },
            { id: "created", header: "Created", cell: (w) => when(w.created_at) },
            { id: "id", header: "Id", cell: (w) => w.id },
            {
              id: "do",
              header: "Actions",
              cell: (w) =>
                w.id === here ? (
                  <SpaceBetween direction="horizontal" size="xs">
                    {may("workspace:manage") && <Button ariaLabel={`Rename ${w.name}`} onClick={() => setNaming(w)}>Rename</Button>}
                    {may("users:read") && <Button ariaLabel={`Members of ${w.name}`} onClick={() => void go("/people")}>Members</Button>}
                  </SpaceBetween>
                ) : (
                  <Button ariaLabel={`Go to ${w.name}`} loading={move.isPending && move.variables === w.id} onClick={() => move.mutate(w.id)}>
                    Go there
                  </Button>
                ),
            },
          ]}
        />
        {naming && <Name of={naming} close={() => setNaming(null)} made={setKey} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

// Name makes a workspace, or gives one another name.
function Name({ of, close, made }: { of: Workspace | "new"; close: () => void; made: (w: Workspace) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(of === "new" ? "" : of.name);
  const send = useMutation({
    mutationFn: () => answer(of === "new" ? api.POST("/api/v1/workspaces", { body: { name } }) : api.PATCH("/api/v1/workspaces/{workspace}", { params: { path: { workspace: of.id } }, body: { name } })),
    onSuccess: (w) => {
      made(w);
      close();
      void queries.invalidateQueries();
    },
  });
  return (
    <Modal visible header={of === "new" ? "Create a workspace" : `Rename ${of.name}`} closeAriaLabel="Close" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          send.mutate();
        }}
      >
        <SpaceBetween size="m">
          <FormField label="Name" description="A company, or a customer." errorText={send.error ? `${messageOf(send.error)}. ${hintOf(send.error)}` : undefined}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
          </FormField>
          <Button variant="primary" formAction="submit" loading={send.isPending}>
            {of === "new" ? "Create" : "Rename"}
          </Button>
        </SpaceBetween>
      </form>
    </Modal>
  );
}
