import { applyDensity, applyMode, Density, Mode } from "@cloudscape-design/global-styles";

// Look is how a person wants the console: kept in this browser.
export interface Look {
  mode: "light" | "dark";
  density: "comfortable" | "compact";
}

const slot = "bursar.look";

export function look(): Look {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const kept = JSON.parse(localStorage.getItem(slot) ?? "{}") as Partial<Look>;
  return { mode: kept.mode ?? (dark ? "dark" : "light"), density: kept.density ?? "comfortable" };
}

export function applyLook(change: Partial<Look> = {}): Look {
  const next = { ...look(), ...change };
  if (Object.keys(change).length > 0) localStorage.setItem(slot, JSON.stringify(next));
  applyMode(next.mode === "dark" ? Mode.Dark : Mode.Light);
  applyDensity(next.density === "compact" ? Density.Compact : Density.Comfortable);
  return next;
}
