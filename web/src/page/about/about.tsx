import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import { useQuery } from "@tanstack/react-query";

export function Component() {
  const doc = useQuery({
    queryKey: ["openapi"],
    queryFn: async () => (await (await fetch("/api/v1/openapi.json")).json()) as { info: { version: string } },
  });
  return (
    <ContentLayout header={<Header variant="h1">About bursar</Header>}>
      <Container>
        <KeyValuePairs
          columns={2}
          items={[
            { label: "API", value: <Link href="/reference">{`Version ${doc.data?.info.version ?? "…"}: the reference`}</Link> },
            { label: "For programs", value: <Link href="/api/v1/openapi.json" external>OpenAPI document</Link> },
            { label: "Licence", value: <Box>Apache-2.0. The console is made with Cloudscape (Apache-2.0), React, React Router and TanStack Query (MIT).</Box> },
          ]}
        />
      </Container>
    </ContentLayout>
  );
}
