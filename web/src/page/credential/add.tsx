import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccounts } from "../../api/account";
import { answer, api } from "../../api/client";
import { hintOf, Problem } from "../../api/problem";
import { Code } from "../../part/finding";
import { given, type Key, SecretFields, wrongIn } from "./secret";
import type { Credential } from "./words";

const fields = ["name", "description", "account", "region", "account_id", "paste", "profile", "access_key_id", "secret_access_key", "session_token"];

// Add stores a credential.
export function Add({ close, added }: { close: () => void; added: (c: Credential) => void }) {
  const queries = useQueryClient();
  const [kind, setKind] = useState<"role" | "access_key">("role");
  const [about, setAbout] = useState({ name: "", description: "" });
  const [account, setAccount] = useState("");
  const [place, setPlace] = useState({ region: "", account_id: "" });
  const [key, setKey] = useState<Key>({});
  const add = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/credentials", { body: kind === "role" ? given({ ...about, account }) : given({ ...about, ...place, ...key }) })),
    onSuccess: (c) => {
      void queries.invalidateQueries({ queryKey: ["credentials"] });
      added(c);
    },
  });
  const elsewhere = add.error && !(add.error instanceof Problem && fields.includes(add.error.field)) ? `${add.error.message} ${hintOf(add.error)}` : undefined;
  return (
    <Modal visible size="large" header="Add credential" onDismiss={close}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          add.mutate();
        }}
      >
        <Form
          errorText={elsewhere}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" onClick={close}>
                Cancel
              </Button>
              <Button variant="primary" loading={add.isPending} loadingText="Asking AWS whose it is" formAction="submit">
                Add credential
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="m">
            <Tiles
              value={kind}
              onChange={({ detail }) => setKind(detail.value as typeof kind)}
              ariaLabel="What it is made of"
              items={[
                { value: "role", label: "The role of a registered account", description: "Preferred: nothing secret is stored, and nothing ends." },
                { value: "access_key", label: "An access key", description: "Of a user made for this alone, or of a session." },
              ]}
            />
            <FormField label="Name" errorText={wrongIn(add.error, "name")}>
              <Input value={about.name} onChange={({ detail }) => setAbout({ ...about, name: detail.value })} />
            </FormField>
            <FormField label={<span>Description <i>- optional</i></span>} errorText={wrongIn(add.error, "description")}>
              <Input value={about.description} onChange={({ detail }) => setAbout({ ...about, description: detail.value })} />
            </FormField>
            {kind === "role" ? <Account value={account} change={setAccount} error={add.error} /> : <AccessKey value={key} change={setKey} place={place} move={setPlace} error={add.error} />}
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}

function Account({ value, change, error }: { value: string; change: (id: string) => void; error: unknown }) {
  const accounts = useAccounts();
  const options = (accounts.data ?? []).map((a) => ({ value: a.id, label: `${a.name} (${a.account_id})` }));
  return (
    <FormField label="Account" description="Its role is assumed anew each time." errorText={wrongIn(error, "account")}>
      <Select
        selectedOption={options.find((o) => o.value === value) ?? null}
        options={options}
        filteringType="auto"
        statusType={accounts.isPending ? "loading" : "finished"}
        loadingText="Reading accounts…"
        empty="No account is registered yet."
        placeholder="Choose an account"
        onChange={({ detail }) => change(detail.selectedOption.value ?? "")}
      />
    </FormField>
  );
}

interface Place {
  region: string;
  account_id: string;
}

function AccessKey({ value, change, place, move, error }: { value: Key; change: (k: Key) => void; place: Place; move: (p: Place) => void; error: unknown }) {
  return (
    <SpaceBetween size="m">
      <SecretFields value={value} change={change} error={error} />
      <ExpandableSection headerText="Region, and which account it must be in">
        <SpaceBetween size="m">
          <FormField label="Region" description="It says which AWS cloud the key is of, and where STS is asked. Cost Explorer has one region in each cloud, whatever you say here." errorText={wrongIn(error, "region")}>
            <Input value={place.region} placeholder="us-east-1" onChange={({ detail }) => move({ ...place, region: detail.value })} />
          </FormField>
          <FormField label="Account id" description="12 digits. A key of another account is refused." errorText={wrongIn(error, "account_id")}>
            <Input value={place.account_id} inputMode="numeric" onChange={({ detail }) => move({ ...place, account_id: detail.value })} />
          </FormField>
        </SpaceBetween>
      </ExpandableSection>
      <LeastPolicy />
    </SpaceBetween>
  );
}

// LeastPolicy shows the policy for the key's user, and warns of names that guides hand on.
function LeastPolicy() {
  const policy = useQuery({ queryKey: ["credential-policy"], queryFn: () => answer(api.GET("/api/v1/credential-policy", {})), staleTime: Infinity });
  return (
    <ExpandableSection headerText="The policy that its user needs">
      <SpaceBetween size="s">
        {policy.data && <Code text={policy.data.policy} what="policy" />}
        <Alert type="info" header="Some guides name things that AWS does not have">
          <code>ce:GetUsageReport</code> is no action, <code>AWSCostExplorerServiceReadOnlyAccess</code> no managed policy, and <code>x-amz-access-token</code> belongs to another API. The policy above is what
          is right; a session token goes into its own field.
        </Alert>
      </SpaceBetween>
    </ExpandableSection>
  );
}
