import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { answer, api, type Account } from "../../api/client";
import { hintOf, messageOf } from "../../api/problem";
import { Confirm } from "../../part/confirm";
import { Failure } from "../../part/failure";
import { Code } from "../../part/finding";

// Rename gives an account another name.
export function Rename({ account, close }: { account: Account; close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(account.name);
  const send = useMutation({
    mutationFn: () => answer(api.PATCH("/api/v1/accounts/{account}", { params: { path: { account: account.id } }, body: { name } })),
    onSuccess: () => {
      close();
      void queries.invalidateQueries();
    },
  });
  return (
    <Modal visible header={`Rename ${account.name}`} closeAriaLabel="Close" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          send.mutate();
        }}
      >
        <SpaceBetween size="m">
          <FormField label="Name" description="For people. Nothing in AWS changes." errorText={send.error ? `${messageOf(send.error)}. ${hintOf(send.error)}` : undefined}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
          </FormField>
          <Button variant="primary" formAction="submit" loading={send.isPending}>
            Rename
          </Button>
        </SpaceBetween>
      </form>
    </Modal>
  );
}

// Deregister shows what deregistering would do, and does it once the account's name was typed.
export function Deregister({ account, close }: { account: Account; close: () => void }) {
  const go = useNavigate();
  const queries = useQueryClient();
  const [whole, setWhole] = useState(false);
  const bill = whole ? "delete" : "keep";
  const path = { account: account.id };
  const plan = useQuery({ queryKey: ["account", account.id, "deregistration", bill], queryFn: () => answer(api.GET("/api/v1/accounts/{account}/deregistration", { params: { path, query: { bill } } })) });
  const remove = useMutation({
    mutationFn: () => answer(api.DELETE("/api/v1/accounts/{account}", { params: { path, query: { bill, name: account.name } } })),
    onSuccess: async () => {
      await go("/accounts");
      void queries.invalidateQueries();
    },
  });
  const p = plan.data;
  return (
    <Confirm title={`Deregister ${account.name}?`} does="Deregister" type={account.name} what="the account's name" busy={remove.isPending} error={remove.error} leave={close} go={() => remove.mutate()}>
      <Failure error={plan.error} />
      {!p ? (
        <Box>Reading what would go…</Box>
      ) : (
        <SpaceBetween size="m">
          <List title="This goes" items={p.removed} />
          {p.kept.length > 0 && <List title="This stays" items={p.kept} />}
          {p.bill.deliveries > 0 && (
            <Checkbox checked={whole} onChange={({ detail }) => setWhole(detail.checked)}>
              Delete its bill too
            </Checkbox>
          )}
          {whole && <Alert type="warning">The bill cannot be had back from bursar: what AWS still keeps in its bucket can be imported again.</Alert>}
          {p.in_aws.length > 0 && (
            <SpaceBetween size="s">
              <Box variant="h3">What stays in AWS, and how to take it away</Box>
              {p.in_aws.map((t) => (
                <div key={t.title}>
                  <Box>{t.title}</Box>
                  <Code text={t.command} what={`command: ${t.title}`} />
                  {t.keeps && <Box color="text-body-secondary">{t.keeps}</Box>}
                </div>
              ))}
            </SpaceBetween>
          )}
        </SpaceBetween>
      )}
    </Confirm>
  );
}

function List({ title, items }: { title: string; items: string[] }) {
  return (
    <div>
      <Box variant="h3">{title}</Box>
      <ul>
        {items.map((i) => (
          <li key={i}>{i}</li>
        ))}
      </ul>
    </div>
  );
}
