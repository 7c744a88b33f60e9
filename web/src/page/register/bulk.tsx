import Box from "@cloudscape-design/components/box";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api } from "../../api/client";
import { Failure } from "../../part/failure";
import { Answers, type Answer } from "./answers";
import { body, read } from "./csv";
import { Frame } from "./frame";
import { AccountList } from "./list";
import { bulk, Method } from "./method";

const slot = "bursar.list"; // the text lives as long as the tab, so that coming back finds it

// Bulk registers the accounts of a list: it is looked at, sent, and answered row by row.
export function Bulk() {
  const go = useNavigate();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const [text, keep] = useState(sessionStorage.getItem(slot) ?? "");
  const [answers, setAnswers] = useState<Answer[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const list = read(text);
  const good = list.rows.filter((r) => !r.problem);
  const asked = params.get("step") ?? "method";
  const at = asked === "answers" && !answers ? "list" : asked;
  const show = (step: string) => setParams({ method: bulk, step }, { replace: true });

  const setText = (next: string) => {
    sessionStorage.setItem(slot, next);
    keep(next);
    setError(null);
  };

  const send = async () => {
    if (good.length === 0) return setError(new Error(list.problem || "There is no account that could be registered: give a list, and mend what is said of its rows."));
    setBusy(true);
    setError(null);
    try {
      const got = await answer(api.POST("/api/v1/accounts:bulk", { body: { accounts: good.map(body) } }));
      const replies = new Map(got.rows.map((reply, i) => [good[i]?.line, reply]));
      setAnswers(list.rows.map((row) => ({ row, reply: replies.get(row.line) })));
      show("answers");
      await queries.invalidateQueries();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };

  const leave = () => {
    if (answers) sessionStorage.removeItem(slot);
    void go("/accounts");
  };
  return (
    <>
      <Failure error={error} />
      <Frame
        at={at}
        busy={busy}
        last="Go to the accounts"
        leave={leave}
        submit={leave}
        move={(to, from) => (to === "answers" && from === "list" ? void send() : show(to))}
        pages={[
          { id: "method", title: "Method", content: <Method value={bulk} change={(value) => setParams({ method: value }, { replace: true })} /> },
          { id: "list", title: "The list", content: <AccountList text={text} list={list} change={setText} />, next: good.length > 0 ? `Register ${good.length} ${good.length === 1 ? "account" : "accounts"}` : "Register" },
          { id: "answers", title: "The answers", content: answers ? <Answers items={answers} /> : <Box>Nothing has been sent yet.</Box> },
        ]}
      />
    </>
  );
}
