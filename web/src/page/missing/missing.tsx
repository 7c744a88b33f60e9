import Box from "@cloudscape-design/components/box";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";

export function Component() {
  return (
    <ContentLayout header={<Header variant="h1">There is no such page</Header>}>
      <Box>The pages are listed on the left.</Box>
    </ContentLayout>
  );
}
