import Badge, { type BadgeProps } from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Code } from "../../part/finding";
import { curl, type Document, type Operation } from "./document";
import { Prose } from "./prose";
import { Fields, Parameters } from "./schema";

const colours: Record<string, BadgeProps["color"]> = { GET: "blue", POST: "green", DELETE: "red" };

// OneOperation is a line that opens. Its parts are made when it is open: there are many of them.
export function OneOperation({ doc, of: op, open, onOpen }: { doc: Document; of: Operation; open: boolean; onOpen: (open: boolean) => void }) {
  return (
    <div id={op.operationId} style={{ scrollMarginTop: 120 }}>
      <ExpandableSection
        headingTagOverride="h3"
        headerText={
          <SpaceBetween direction="horizontal" size="xs">
            <Badge color={colours[op.method] ?? "grey"}>{op.method}</Badge>
            <span style={{ overflowWrap: "anywhere" }}>{op.path}</span>
          </SpaceBetween>
        }
        headerDescription={op.summary + "."}
        expanded={open}
        onChange={({ detail }) => onOpen(detail.expanded)}
      >
        {open && <Parts doc={doc} op={op} />}
      </ExpandableSection>
    </div>
  );
}

function Parts({ doc, op }: { doc: Document; op: Operation }) {
  const answers = Object.entries(op.responses).filter(([status]) => status !== "default");
  return (
    <SpaceBetween size="m">
      {op.description && <Prose text={op.description} />}
      <div>
        <Box variant="h4">As a command</Box>
        <Code text={curl(doc, op)} what={`command for ${op.operationId}`} />
      </div>
      {op.parameters && op.parameters.length > 0 && (
        <div>
          <Box variant="h4">Parameters</Box>
          <Parameters doc={doc} of={op.parameters} />
        </div>
      )}
      {op.requestBody && <Body doc={doc} title="The request's body" must="needed" content={op.requestBody.content} />}
      {answers.map(([status, answer]) => (
        <Body doc={doc} key={status} title={`Answer ${status}: ${answer.description}`} must="always there" content={answer.content ?? {}} />
      ))}
      <Box color="text-body-secondary">Anything else is a problem document, with a code, a reason, the field and a hint.</Box>
    </SpaceBetween>
  );
}

function Body({ doc, title, must, content }: { doc: Document; title: string; must: string; content: Record<string, { schema?: { type?: string }; example?: unknown }> }) {
  return (
    <div>
      <Box variant="h4">{title}</Box>
      {Object.entries(content).map(([type, { schema, example }]) => (
        <SpaceBetween size="xs" key={type}>
          <Box variant="code">{type}</Box>
          {schema && <Fields doc={doc} of={schema} must={must} />}
          {typeof example === "string" && <Code text={example} what="example" />}
        </SpaceBetween>
      ))}
    </div>
  );
}
