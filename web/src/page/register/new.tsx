import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { Problem } from "../../api/problem";
import { Failure } from "../../part/failure";
import { Details, type Draft } from "./details";
import { Frame } from "./frame";
import { bulk, Method } from "./method";

const fields = ["account_id", "name", "role_arn", "partition"];

// New asks for the method and the details of an account, and registers it.
export function New() {
  const go = useNavigate();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const method = params.get("method") ?? "console";
  const [draft, setDraft] = useState<Draft>({ account_id: params.get("account") ?? "", name: "", role_arn: "", partition: "aws" });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const register = async () => {
    setBusy(true);
    setError(null);
    try {
      const { role_arn, ...rest } = draft;
      const made = await answer(api.POST("/api/v1/accounts", { body: { ...rest, method: method as "console", ...(method === "role" ? { role_arn } : {}) } }));
      await queries.invalidateQueries();
      await go(`/accounts/${made.account_id}/register`, { replace: true });
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };

  const move = (to: string) => {
    if (to === "access") return void register();
    setParams(
      (p) => {
        p.set("method", method);
        p.set("step", to);
        return p;
      },
      { replace: true },
    );
  };
  const at = error instanceof Problem && fields.includes(error.field) ? error : null;
  return (
    <>
      <Failure error={at ? null : error} />
      <Frame
        at={params.get("step") ?? "method"}
        busy={busy}
        last="Register"
        leave={() => void go("/accounts")}
        submit={() => void register()}
        move={move}
        pages={[
          { id: "method", title: "Method", content: <Method value={method} change={(value) => setParams(value === bulk ? { method: bulk } : { method: value }, { replace: true })} /> },
          { id: "details", title: "Basic details", content: <Details method={method} draft={draft} change={setDraft} error={at} submit={() => void register()} />, next: "Register" },
          { id: "access", title: "API access" },
          { id: "export", title: "Billing export" },
          { id: "members", title: "Linked accounts", optional: true },
          { id: "done", title: "Done" },
        ]}
      />
    </>
  );
}
