import "./amount.css";
import Tooltip from "@cloudscape-design/components/tooltip";
import { useRef, useState } from "react";
import { amount, type Amount, exact } from "./format";

// Money shows an amount as people read it, and all of its digits while the pointer or the focus is on it.
export function Money({ of, onFollow, label }: { of: Amount; onFollow?: () => void; label?: string }) {
  const [shown, setShown] = useState(false);
  const track = useRef<HTMLElement | null>(null);
  const events = {
    onMouseEnter: () => setShown(true),
    onMouseLeave: () => setShown(false),
    onFocus: () => setShown(true),
    onBlur: () => setShown(false),
  };
  const text = amount(of);
  const tip = shown && <Tooltip content={exact(of)} getTrack={() => track.current} onEscape={() => setShown(false)} />;
  if (!onFollow) {
    return (
      <>
        <span {...events} ref={track} tabIndex={0} data-exact={exact(of)} style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
          {text}
        </span>
        {tip}
      </>
    );
  }
  return (
    <>
      <button {...events} ref={(e) => void (track.current = e)} type="button" className="amount" onClick={onFollow} data-exact={exact(of)} aria-label={label ? `${text}: ${label}` : undefined}>
        {text}
      </button>
      {tip}
    </>
  );
}
