import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import type { Account, Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { useChoose } from "./choose";

// Target asks for which accounts the roles are made. What bursar has seen of the organization is proposed.
export function Target({ account: a, choice }: { account: Account; choice: Schemas["Choice"] }) {
  const root = a.findings?.find((f) => f.check === "organization")?.evidence?.root_id ?? "";
  const kept = choice.target_organization_id ?? "";
  const [target, setTarget] = useState(kept || root);
  const choose = useChoose(a.account_id);
  const problem = choose.error instanceof Problem && choose.error.field === "target_organization_id" ? choose.error : null;
  return (
    <>
      <FormField
        label="For which accounts"
        description={`The organization's root${root ? ` (${root})` : ""} for all of them, or a unit (ou-…). Commands and values below change with it.`}
        errorText={problem ? `${problem.message} ${problem.hint}` : undefined}
        secondaryControl={
          <Button loading={choose.isPending} disabled={target === kept} disabledReason="It is in use" onClick={() => choose.mutate({ target_organization_id: target })}>
            Use this
          </Button>
        }
      >
        <Input value={target} placeholder="r-abcd or ou-abcd-12345678" onChange={({ detail }) => setTarget(detail.value.trim())} />
      </FormField>
      <Failure error={problem ? null : choose.error} />
    </>
  );
}
