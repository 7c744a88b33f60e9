import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation, useSearchParams } from "react-router";
import { problemOf } from "../../api/problem";
import { Failure } from "../../part/failure";
import { type Document, found, type Operation, operations } from "./document";
import { OneOperation } from "./operation";
import { Prose } from "./prose";

const address = "/api/v1/openapi.json";

async function read(): Promise<Document> {
  const res = await fetch(address).catch(() => null);
  if (!res?.ok) throw problemOf(null, res?.status ?? 0);
  return (await res.json()) as Document;
}

// The page reads what every other program reads. What is looked for is part of its address, and so is the operation that is open.
export function Component() {
  const doc = useQuery({ queryKey: ["reference"], queryFn: read, staleTime: Infinity });
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Every request that this server answers." actions={<Link href={address} external>OpenAPI document</Link>}>
          API reference
        </Header>
      }
    >
      <Failure error={doc.error} />
      {doc.isPending && <Spinner />}
      {doc.data && <Reference doc={doc.data} />}
    </ContentLayout>
  );
}

function Reference({ doc }: { doc: Document }) {
  const [params, setParams] = useSearchParams();
  const { hash } = useLocation();
  const wanted = decodeURIComponent(hash.slice(1));
  const [open, setOpen] = useState<string[]>(wanted ? [wanted] : []);
  useEffect(() => document.getElementById(wanted)?.scrollIntoView(), [wanted]);
  const text = params.get("q") ?? "";
  const all = operations(doc);
  const some = all.filter((op) => found(op, text));
  const tags = [...new Set(all.flatMap((op) => op.tags))];
  const toggle = (id: string) => (on: boolean) => setOpen((was) => (on ? [...was, id] : was.filter((o) => o !== id)));
  return (
    <SpaceBetween size="l">
      <About doc={doc} />
      <TextFilter
        filteringText={text}
        filteringPlaceholder="Find a request: accounts, PATCH, group_by…"
        filteringAriaLabel="Find a request"
        countText={text ? `${some.length} of ${all.length}` : `${all.length} requests`}
        onChange={({ detail }) => setParams(detail.filteringText ? { q: detail.filteringText } : {}, { replace: true })}
      />
      {some.length === 0 && <Box>No request has all of these words.</Box>}
      {tags.map((tag) => (
        <Group key={tag} doc={doc} tag={tag} of={some.filter((op) => op.tags.includes(tag))} open={open} toggle={toggle} />
      ))}
    </SpaceBetween>
  );
}

function Group({ doc, tag, of, open, toggle }: { doc: Document; tag: string; of: Operation[]; open: string[]; toggle: (id: string) => (on: boolean) => void }) {
  if (of.length === 0) return null;
  return (
    <Container header={<Header variant="h2" counter={`(${of.length})`}>{tag}</Header>}>
      <SpaceBetween size="xs">
        {of.map((op) => (
          <OneOperation key={op.operationId} doc={doc} of={op} open={open.includes(op.operationId)} onOpen={toggle(op.operationId)} />
        ))}
      </SpaceBetween>
    </Container>
  );
}

// About is the document's own introduction, and its history.
function About({ doc }: { doc: Document }) {
  const [words = "", history = ""] = doc.info.description.split("\n\nVersions:\n");
  return (
    <Container>
      <Prose text={words} />
      <ExpandableSection headerText={`Version ${doc.info.version}, and those before`}>
        <ul>
          {history
            .split("\n")
            .filter(Boolean)
            .reverse()
            .map((line) => (
              <li key={line}>{line.replace(/^- /, "")}</li>
            ))}
        </ul>
      </ExpandableSection>
    </Container>
  );
}
