import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";

export type Me = Schemas["Me"];

// useMe tells who looks at the console, in which workspace, and what they may do there.
export const useMe = () => useQuery({ queryKey: ["me"], queryFn: () => answer(api.GET("/api/v1/me")), staleTime: 60_000 });

// useMay tells whether the person may do something: a permission of the table of roles. Nothing is allowed until it is known.
export function useMay(): (action: string) => boolean {
  const me = useMe();
  return (action) => (me.data?.actions ?? []).includes(action);
}
