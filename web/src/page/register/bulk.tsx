import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { Answers, type Answer } from "./answers";
import { body, read } from "./csv";
import { AccountList } from "./list";
import type { Start } from "./single";

const slot = "bursar.list"; // the text lives as long as the tab, so that coming back finds it

// useBulk registers the accounts of a list: it is looked at, sent, and answered row by row.
export function useBulk(show: (step: string) => void): Start {
  const queries = useQueryClient();
  const [text, keep] = useState(sessionStorage.getItem(slot) ?? "");
  const [answers, setAnswers] = useState<Answer[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const list = read(text);
  const good = list.rows.filter((r) => !r.problem);

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

  return {
    busy,
    error,
    move: (to, from) => (to === "answers" && from === "list" ? void send() : show(to)),
    left: () => answers && sessionStorage.removeItem(slot),
    pages: [
      { id: "list", title: "The list", content: <AccountList text={text} list={list} change={setText} />, next: good.length > 0 ? `Register ${good.length} ${good.length === 1 ? "account" : "accounts"}` : "Register" },
      { id: "answers", title: "The answers", content: answers && <Answers items={answers} /> },
    ],
  };
}
