import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Failure } from "../../part/failure";
import { useBulk } from "./bulk";
import { Frame } from "./frame";
import { bulk, Method } from "./method";
import { useSingle } from "./single";

// New is the wizard before there is an account: the method, and then what it asks for. One frame holds them all, so that whoever walks
// through the methods by keyboard stays where they are.
export function New() {
  const go = useNavigate();
  const [params, setParams] = useSearchParams();
  const [method, setMethod] = useState(params.get("method") ?? "console"); // the address follows
  const show = (step: string) =>
    setParams(
      (p) => {
        p.set("method", method);
        p.set("step", step);
        return p;
      },
      { replace: true },
    );
  const single = useSingle(method, show);
  const many = useBulk(show);
  const way = method === bulk ? many : single;
  const asked = params.get("step") ?? "method";
  const choose = (value: string) => {
    setMethod(value);
    setParams({ method: value }, { replace: true });
  };
  const leave = () => {
    way.left();
    void go("/accounts");
  };
  return (
    <>
      <Failure error={way.error} />
      <Frame
        at={way.pages.some((p) => p.id === asked && p.content) ? asked : "method"}
        busy={way.busy}
        last="Go to the accounts"
        leave={leave}
        submit={leave}
        move={way.move}
        pages={[{ id: "method", title: "Method", content: <Method value={method} change={choose} /> }, ...way.pages]}
      />
    </>
  );
}
