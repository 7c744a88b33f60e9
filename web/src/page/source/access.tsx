import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useAccounts } from "../../api/account";
import { answer, api, pages } from "../../api/client";
import { Place } from "../../part/place";
import { wrongIn } from "../credential/secret";
import { madeOf } from "../credential/words";

// Access is with what a source asks: one of the two.
export interface Access {
  account?: string;
  credential?: string;
}

// useCredentials asks for the stored credentials.
export const useCredentials = () => useQuery({ queryKey: ["credentials"], queryFn: () => pages((cursor) => answer(api.GET("/api/v1/credentials", { params: { query: { cursor } } }))) });

// useAccessName says what people call an access.
export function useAccessName(): (id: string) => string {
  const accounts = useAccounts();
  const credentials = useCredentials();
  return (id) => {
    if (id === "all") return "The whole workspace";
    const account = accounts.data?.find((a) => a.id === id);
    if (account) return `The role of ${account.name} (${account.account_id})`;
    return credentials.data?.find((c) => c.id === id)?.name ?? id;
  };
}

// With asks with what a source asks.
export function With({ value, change, error }: { value: Access; change: (a: Access) => void; error: unknown }) {
  const [kind, setKind] = useState<"account" | "credential">("account");
  const accounts = useAccounts();
  const credentials = useCredentials();
  const options =
    kind === "account"
      ? (accounts.data ?? []).map((a) => ({ value: a.id, label: `${a.name} (${a.account_id})` }))
      : (credentials.data ?? []).map((c) => ({ value: c.id, label: c.name, description: madeOf(c) }));
  const reading = kind === "account" ? accounts.isPending : credentials.isPending;
  return (
    <SpaceBetween size="m">
      <Tiles
        value={kind}
        ariaLabel="With what it asks"
        onChange={({ detail }) => {
          setKind(detail.value as typeof kind);
          change({});
        }}
        items={[
          { value: "account", label: "The role of a registered account", description: "Preferred: nothing secret is stored for it. Its set-up must have Cost Explorer." },
          { value: "credential", label: "A credential", description: "One that is stored already." },
        ]}
      />
      <FormField
        label={kind === "account" ? "Account" : "Credential"}
        description={kind === "credential" ? <Place to="/credentials">Credentials are kept on their own page.</Place> : undefined}
        errorText={wrongIn(error, "account") ?? wrongIn(error, "credential")}
      >
        <Select
          selectedOption={options.find((o) => o.value === value[kind]) ?? null}
          options={options}
          filteringType="auto"
          statusType={reading ? "loading" : "finished"}
          loadingText="Reading…"
          empty={kind === "account" ? "No account is registered yet." : "There is no credential yet."}
          placeholder={kind === "account" ? "Choose an account" : "Choose a credential"}
          onChange={({ detail }) => change({ [kind]: detail.selectedOption.value })}
        />
      </FormField>
    </SpaceBetween>
  );
}
