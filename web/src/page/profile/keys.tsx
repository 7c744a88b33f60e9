import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { answer, api, pages } from "../../api/client";
import { type Me, useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { when } from "../../part/format";
import { Status } from "../../part/status";
import { To } from "../account/columns";

// Keys are those that the person has made in this workspace. Making and revoking them is on the page of keys.
export function Keys({ me }: { me: Me }) {
  const may = useMay();
  const keys = useQuery({ queryKey: ["keys"], enabled: may("keys:manage"), queryFn: () => pages((cursor) => answer(api.GET("/api/v1/keys", { params: { query: { cursor } } }))) });
  const mine = (keys.data ?? []).filter((k) => k.created_by === (me.email ?? me.name));
  return (
    <>
      <Failure error={keys.error} />
      <Table
        header={<Header variant="h2" counter={`(${mine.length})`} description="The API keys of this workspace that you have made.">Your keys</Header>}
        loading={keys.isLoading}
        loadingText="Reading keys…"
        empty={may("keys:manage") ? <To href="/keys">You have made none. Make one on the page of keys.</To> : <Box>Your role makes no keys: ask an owner or administrator for one.</Box>}
        items={mine}
        trackBy="id"
        columnDefinitions={[
          { id: "name", header: "Name", cell: (k) => k.name, isRowHeader: true },
          { id: "role", header: "Role", cell: (k) => k.role },
          { id: "state", header: "State", cell: (k) => <Status of={k.state} /> },
          { id: "used", header: "Last used", cell: (k) => when(k.last_used_at) },
          { id: "created", header: "Created", cell: (k) => when(k.created_at) },
        ]}
        footer={mine.length > 0 && <To href="/keys">Make and revoke keys</To>}
      />
    </>
  );
}
