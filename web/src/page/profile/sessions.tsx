import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { session } from "../../api/session";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";

const methods: Record<string, string> = { password: "Password", oidc: "Single sign-on", invitation: "Invitation" };

// browser says what a browser calls itself, shortly.
export function browser(agent: string): string {
  const known = [/Edg\/\d+/, /Firefox\/\d+/, /Chrome\/\d+/, /Version\/\d+.*Safari/].map((r) => r.exec(agent)?.[0]).find(Boolean);
  const system = ["Windows", "Android", "iPhone", "Mac OS X", "Linux"].find((s) => agent.includes(s));
  if (!known) return agent || "unknown";
  return known.replace("Edg/", "Edge ").replace(/Version\/(\d+).*/, "Safari $1").replace("/", " ") + (system ? `, ${system}` : "");
}

// Sessions are where the person has signed in.
export function Sessions() {
  const queries = useQueryClient();
  const list = useQuery({ queryKey: ["sessions"], queryFn: () => answer(api.GET("/api/v1/me/sessions")) });
  const end = useMutation({
    mutationFn: async (s: { id: string; current: boolean }) => {
      if (s.current) await session.end();
      else await answer(api.DELETE("/api/v1/me/sessions/{session}", { params: { path: { session: s.id } } }));
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  return (
    <SpaceBetween size="m">
      <Failure error={list.error ?? end.error} />
      <Table
        header={<Header variant="h2" counter={`(${list.data?.items.length ?? 0})`} description="End one that you do not know, and change your password.">Your sessions</Header>}
        loading={list.isPending}
        loadingText="Reading sessions…"
        items={list.data?.items ?? []}
        trackBy="id"
        columnDefinitions={[
          { id: "agent", header: "Browser", cell: (s) => <span title={s.agent}>{browser(s.agent)}</span>, isRowHeader: true },
          { id: "current", header: "State", cell: (s) => (s.current ? <StatusIndicator type="success">This one</StatusIndicator> : <StatusIndicator type="info">Another one</StatusIndicator>) },
          { id: "from", header: "From", cell: (s) => s.from },
          { id: "method", header: "Began with", cell: (s) => methods[s.method] ?? s.method },
          { id: "created", header: "Began", cell: (s) => when(s.created_at) },
          { id: "seen", header: "Last used", cell: (s) => when(s.last_seen_at) },
          { id: "ends", header: "Ends", cell: (s) => when(s.expires_at) },
          { id: "end", header: "End", cell: (s) => <Button ariaLabel={`End the session of ${browser(s.agent)} from ${when(s.created_at)}`} loading={end.isPending && end.variables.id === s.id} onClick={() => end.mutate(s)}>{s.current ? "Sign out" : "End"}</Button> },
        ]}
      />
    </SpaceBetween>
  );
}
