import { useCallback, useMemo } from "react";
import { useAccounts } from "../api/account";

// useNames says what a person calls a value: accounts that are registered have names.
export function useNames(): (dimension: string, value: string) => string {
  const accounts = useAccounts();
  const names = useMemo(() => new Map((accounts.data ?? []).map((a) => [a.account_id, a.name])), [accounts.data]);
  return useCallback(
    (dimension, value) => {
      const name = dimension === "account" || dimension === "payer" ? names.get(value) : undefined;
      return name ? `${name} (${value})` : value;
    },
    [names],
  );
}
