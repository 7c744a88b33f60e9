import { useState } from "react";

// useKept is a state that this browser keeps. What cannot be read back, because an older console wrote it, is forgotten.
export function useKept<T>(slot: string, first: T): [T, (next: T) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      const kept = localStorage.getItem("bursar." + slot);
      return kept === null ? first : (JSON.parse(kept) as T);
    } catch {
      return first;
    }
  });
  return [
    value,
    (next) => {
      localStorage.setItem("bursar." + slot, JSON.stringify(next));
      setValue(next);
    },
  ];
}
