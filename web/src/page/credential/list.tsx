import Button from "@cloudscape-design/components/button";
import Box from "@cloudscape-design/components/box";
import Cards from "@cloudscape-design/components/cards";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import { answer, api, pages } from "../../api/client";
import { useMay } from "../../api/me";
import { Failure } from "../../part/failure";
import { Status } from "../../part/status";
import { useHelp } from "../../shell/help";
import { Add } from "./add";
import { age, type Credential, ends, madeOf, usedBy } from "./words";

export function Component() {
  const go = useNavigate();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const credentials = useQuery({
    queryKey: ["credentials"],
    queryFn: () => pages((cursor) => answer(api.GET("/api/v1/credentials", { params: { query: { cursor } } }))),
    refetchInterval: 15_000,
  });
  useHelp(
    "Credentials",
    <>
      <p>A credential is a named way into AWS that Cost Explorer sources and destinations use. It is stored once and used by many.</p>
      <p>Prefer the role of a registered account: nothing secret is stored, and nothing ends.</p>
      <p>An access key goes in and never comes out. Of its id, the last four characters are shown.</p>
    </>,
  );
  const open = (id: string) => (e: { preventDefault: () => void }) => {
    e.preventDefault();
    void go(`/credentials/${id}`);
  };
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Stored once, sealed, and used by sources and destinations." actions={may("credentials:manage") && <Button variant="primary" onClick={() => setParams({ add: "role" })}>Add credential</Button>}>
          Credentials
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={credentials.error} retry={() => void credentials.refetch()} />
        <Cards<Credential>
          ariaLabels={{ itemSelectionLabel: (_, c) => c.name, selectionGroupLabel: "Credentials" }}
          loading={credentials.isPending}
          loadingText="Reading credentials…"
          items={credentials.data ?? []}
          trackBy="id"
          cardsPerRow={[{ cards: 1 }, { minWidth: 700, cards: 2 }, { minWidth: 1100, cards: 3 }]}
          empty={
            <SpaceBetween size="s" alignItems="center">
              <Box>There is no credential. Sources that use an account's role directly need none.</Box>
              {may("credentials:manage") && <Button onClick={() => setParams({ add: "role" })}>Add credential</Button>}
            </SpaceBetween>
          }
          cardDefinition={{
            header: (c) => (
              <Link href={`/credentials/${c.id}`} fontSize="heading-m" onFollow={open(c.id)}>
                {c.name}
              </Link>
            ),
            sections: [
              { id: "status", header: "Status", content: (c) => <Status of={c.status} />, width: 50 },
              { id: "kind", header: "Made of", content: madeOf, width: 50 },
              { id: "age", header: "Age", content: age, width: 50 },
              { id: "ends", header: "Ends", content: ends, width: 50 },
              { id: "users", header: "Used by", content: usedBy },
            ],
          }}
        />
        {params.get("add") && <Add close={() => setParams({})} added={(c) => void go(`/credentials/${c.id}`)} />}
      </SpaceBetween>
    </ContentLayout>
  );
}
