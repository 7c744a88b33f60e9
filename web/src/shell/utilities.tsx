import type { TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { answer, api } from "../api/client";
import { type Me, useMe } from "../api/me";
import { session } from "../api/session";
import { applyLook, type Look, look } from "./look";

const looks: { id: string; text: string; change: Partial<Look> }[] = [
  { id: "system", text: "Light or dark, as the system", change: { mode: "system" } },
  { id: "light", text: "Light", change: { mode: "light" } },
  { id: "dark", text: "Dark", change: { mode: "dark" } },
  { id: "comfortable", text: "Comfortable", change: { density: "comfortable" } },
  { id: "compact", text: "Compact", change: { density: "compact" } },
];

// useLook is the menu of how the console looks.
export function useLook(): TopNavigationProps.Utility {
  const [shown, setShown] = useState(look());
  return {
    type: "menu-dropdown",
    iconName: "settings",
    ariaLabel: "Look",
    title: "Look",
    items: looks.map((l) => {
      const chosen = Object.values(l.change).every((v) => v === shown.mode || v === shown.density);
      return { id: l.id, text: l.text + (chosen ? " (chosen)" : ""), iconName: chosen ? "check" : undefined };
    }),
    onItemClick: ({ detail }) => setShown(applyLook(looks.find((l) => l.id === detail.id)?.change)),
  };
}

// usePlaces are the menus of who has signed in: their workspaces, and themselves.
export function usePlaces(): TopNavigationProps.Utility[] {
  const go = useNavigate();
  const me = useMe();
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: (workspace_id: string) => answer(api.PUT("/api/v1/session/workspace", { body: { workspace_id } })),
    onSuccess: async (there) => {
      queries.clear(); // nothing of the workspace before may be seen
      queries.setQueryData<Me>(["me"], there);
      await go("/");
    },
  });
  if (!me.data) return [];
  const here = me.data.workspace;
  return [
    {
      type: "menu-dropdown",
      text: here.name,
      title: "Workspaces",
      ariaLabel: `Workspace ${here.name}`,
      iconName: "folder",
      items: [
        ...(me.data.others?.length ? [{ text: "Go to", items: me.data.others.map((w) => ({ id: w.id, text: w.name, description: w.role })) }] : []),
        { id: "all", text: "All workspaces" },
      ],
      onItemClick: ({ detail }) => (detail.id === "all" ? void go("/workspaces") : move.mutate(detail.id)),
    },
    {
      type: "menu-dropdown",
      text: me.data.name || me.data.email || "",
      description: `${me.data.role}${me.data.kind === "key" ? ", by key" : ""}`,
      ariaLabel: `You: ${me.data.name || me.data.email || ""}`,
      iconName: "user-profile",
      items: [
        { id: "profile", text: "Profile" },
        { id: "out", text: "Sign out" },
      ],
      onItemClick: ({ detail }) => (detail.id === "out" ? void session.end() : void go("/profile")),
    },
  ];
}
