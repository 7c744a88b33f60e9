import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { Problem } from "../../api/problem";
import { Details, type Draft } from "./details";
import type { Page } from "./frame";

// Start is what the wizard needs of a way before there is an account.
export interface Start {
  pages: Page[]; // after the method
  busy: boolean;
  error: unknown; // that no field shows
  move: (to: string, from: string) => void;
  left: () => void; // the person goes
}

const fields = ["account_id", "name", "role_arn", "partition"];

// useSingle asks for the details of one account, and registers it.
export function useSingle(method: string, show: (step: string) => void): Start {
  const go = useNavigate();
  const queries = useQueryClient();
  const [params] = useSearchParams();
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

  const at = error instanceof Problem && fields.includes(error.field) ? error : null;
  return {
    busy,
    error: at ? null : error,
    move: (to) => (to === "access" ? void register() : show(to)),
    left: () => undefined,
    pages: [
      { id: "details", title: "Basic details", content: <Details method={method} draft={draft} change={setDraft} error={at} submit={() => void register()} />, next: "Register" },
      { id: "access", title: "API access" },
      { id: "export", title: "Billing export" },
      { id: "members", title: "Linked accounts", optional: true },
      { id: "done", title: "Done" },
    ],
  };
}
