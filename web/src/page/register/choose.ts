import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client";

export type Choice = Schemas["Choice"];
export type ExportChoice = Schemas["ExportChoice"];

// useChoose keeps what a person chooses for an account's set-up; the steps change with it.
export function useChoose(account: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["NewSetup"]) => answer(api.PATCH("/api/v1/accounts/{account}/setup", { params: { path: { account } }, body })),
    onSuccess: async (setup) => {
      queries.setQueryData(["setup", account], setup);
      await queries.invalidateQueries();
    },
  });
}
