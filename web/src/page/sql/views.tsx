import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import { useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client";

export const useViews = () => useQuery({ queryKey: ["views"], queryFn: () => answer(api.GET("/api/v1/sql/views")), staleTime: Infinity });

// Views are what a statement can read. A name is put at the end of the statement.
export function Views({ views, put }: { views: Schemas["SQLView"][] | undefined; put: (text: string) => void }) {
  return (
    <Container fitHeight header={<Header variant="h2">What can be read</Header>}>
      <div style={{ maxHeight: 300, overflowY: "auto" }} tabIndex={0} role="region" aria-label="Views and their columns">
        {!views && <Box>Reading the views…</Box>}
        {views?.map((v) => (
          <ExpandableSection key={v.name} headerText={v.name} headerDescription={v.doc}>
            {v.columns.map((c) => (
              <Box key={c.name} margin={{ bottom: "xxs" }}>
                <Button variant="inline-link" ariaLabel={`Add ${c.name} to the statement`} onClick={() => put(c.name)}>
                  {c.name}
                </Button>{" "}
                <Box variant="span" color="text-body-secondary">
                  {c.type}. {c.doc}
                </Box>
              </Box>
            ))}
            {v.more && <Box color="text-body-secondary">{v.more}</Box>}
          </ExpandableSection>
        ))}
      </div>
    </Container>
  );
}
