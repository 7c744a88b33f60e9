import FormField from "@cloudscape-design/components/form-field";
import Tiles from "@cloudscape-design/components/tiles";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";

export function Method({ fixed }: { fixed: boolean }) {
  return (
    <Container header={<Header variant="h2">How do you want to let bursar in?</Header>}>
      <FormField description={fixed ? "The account is registered: its method stays." : "Every method ends with the same checks."}>
        <Tiles
          value="console"
          items={[{ value: "console", label: "AWS console", description: "AWS's create-stack page opens with everything filled in. You look through it and press Create stack." }]}
          onChange={() => undefined}
        />
      </FormField>
    </Container>
  );
}
