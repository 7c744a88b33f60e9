import { applyDensity, applyMode, Density, Mode } from "@cloudscape-design/global-styles";

// Look is how a person wants the console: kept in this browser. Who has said nothing gets what their system has.
export interface Look {
  mode: "light" | "dark" | "system";
  density: "comfortable" | "compact";
}

const slot = "bursar.look";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function look(): Look {
  let kept: Partial<Look> = {};
  try {
    kept = JSON.parse(localStorage.getItem(slot) ?? "{}") as Partial<Look>;
  } catch {
    localStorage.removeItem(slot);
  }
  return { mode: kept.mode ?? "system", density: kept.density ?? "comfortable" };
}

export function applyLook(change: Partial<Look> = {}): Look {
  const next = { ...look(), ...change };
  if (Object.keys(change).length > 0) localStorage.setItem(slot, JSON.stringify(next));
  const isDark = next.mode === "dark" || (next.mode === "system" && dark.matches);
  applyMode(isDark ? Mode.Dark : Mode.Light);
  applyDensity(next.density === "compact" ? Density.Compact : Density.Comfortable);
  return next;
}

dark.addEventListener("change", () => applyLook());
