import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { Problem } from "../../api/problem";

// Key is an access key as a person gives it: pasted as a whole, or in its parts.
export interface Key {
  paste?: string;
  profile?: string;
  access_key_id?: string;
  secret_access_key?: string;
  session_token?: string;
}

// given leaves out what was left empty.
export const given = <T extends object>(fields: T): T => Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== "" && v !== undefined)) as T;

// wrongIn says what the server found wrong in a field.
export const wrongIn = (error: unknown, field: string): string | undefined => (error instanceof Problem && error.field === field ? `${error.message} ${error.hint}`.trim() : undefined);

// SecretFields ask for an access key.
export function SecretFields({ value, change, error }: { value: Key; change: (k: Key) => void; error: unknown }) {
  const [parts, setParts] = useState(false);
  const turn = (to: boolean) => {
    setParts(to);
    change({});
  };
  const set = (k: Key) => change({ ...value, ...k });
  return (
    <SpaceBetween size="m">
      <SegmentedControl
        label="How the key is given"
        selectedId={parts ? "parts" : "paste"}
        onChange={({ detail }) => turn(detail.selectedId === "parts")}
        options={[
          { id: "paste", text: "Paste it" },
          { id: "parts", text: "Field by field" },
        ]}
      />
      {parts ? (
        <SpaceBetween size="m">
          <FormField label="Access key id" description="AKIA… of a user, ASIA… of a session." errorText={wrongIn(error, "access_key_id")}>
            <Input value={value.access_key_id ?? ""} onChange={({ detail }) => set({ access_key_id: detail.value })} autoComplete={false} spellcheck={false} />
          </FormField>
          <FormField label="Secret access key" description="It is sealed, and never shown again." errorText={wrongIn(error, "secret_access_key")}>
            <Input type="password" value={value.secret_access_key ?? ""} onChange={({ detail }) => set({ secret_access_key: detail.value })} autoComplete={false} />
          </FormField>
          <FormField label={<span>Session token <i>- with ASIA… alone</i></span>} errorText={wrongIn(error, "session_token")}>
            <Input type="password" value={value.session_token ?? ""} onChange={({ detail }) => set({ session_token: detail.value })} autoComplete={false} />
          </FormField>
        </SpaceBetween>
      ) : (
        <SpaceBetween size="m">
          <FormField
            label="The key"
            description="Lines for a shell, a section of a credentials file, the JSON of an AWS command, or the CSV of the IAM console."
            errorText={["paste", "access_key_id", "secret_access_key", "session_token"].map((f) => wrongIn(error, f)).find(Boolean)}
          >
            <Textarea
              rows={5}
              spellcheck={false}
              autoComplete={false}
              value={value.paste ?? ""}
              onChange={({ detail }) => set({ paste: detail.value })}
              placeholder={"export AWS_ACCESS_KEY_ID=…\nexport AWS_SECRET_ACCESS_KEY=…"}
            />
          </FormField>
          <FormField label={<span>Profile <i>- of a credentials file with several</i></span>} errorText={wrongIn(error, "profile")}>
            <Input value={value.profile ?? ""} onChange={({ detail }) => set({ profile: detail.value })} />
          </FormField>
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}
