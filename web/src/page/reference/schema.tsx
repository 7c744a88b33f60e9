import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type Document, fieldsOf, type Parameter, type Schema, typeOf } from "./document";
import { Prose } from "./prose";

// Fields lists what a body has. What a field holds in turn opens below it; inside says where it is, so that a thing that holds itself ends;
// must is said of those that cannot be absent.
export function Fields({ doc, of, must, inside = [] }: { doc: Document; of: Schema; must: string; inside?: string[] }) {
  const at = fieldsOf(doc, of);
  if (!at?.schema.properties) return <Box>{typeOf(doc, of)}</Box>;
  const required = at.schema.required ?? [];
  return (
    <KeyValuePairs
      columns={1}
      items={Object.entries(at.schema.properties).map(([name, schema]) => ({
        label: <Name name={name} type={typeOf(doc, schema)} must={required.includes(name) ? must : ""} />,
        value: (
          <>
            <Words of={schema} />
            <Inner doc={doc} of={schema} must={must} inside={at.name ? [...inside, at.name] : inside} />
          </>
        ),
      }))}
    />
  );
}

function Inner({ doc, of, must, inside }: { doc: Document; of: Schema; must: string; inside: string[] }) {
  const at = fieldsOf(doc, of);
  if (!at) return null;
  if (at.name && inside.includes(at.name)) return <Box color="text-body-secondary">{at.name}, as above.</Box>;
  return (
    <ExpandableSection headerText={`Fields of ${at.name || "it"}`}>
      <Fields doc={doc} of={at.name ? { $ref: `#/components/schemas/${at.name}` } : at.schema} must={must} inside={inside} />
    </ExpandableSection>
  );
}

export function Parameters({ doc, of }: { doc: Document; of: Parameter[] }) {
  return (
    <KeyValuePairs
      columns={1}
      items={of.map((p) => ({
        label: <Name name={p.name} type={`${typeOf(doc, p.schema)}, in the ${p.in}`} must={p.required ? "needed" : ""} />,
        value: <Words of={{ ...p.schema, description: p.description ?? p.schema.description ?? "" }} />,
      }))}
    />
  );
}

function Name({ name, type, must }: { name: string; type: string; must: string }) {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Box variant="code">{name}</Box>
      <Box variant="span" color="text-body-secondary">
        {type}
        {must ? `, ${must}` : ""}
      </Box>
    </SpaceBetween>
  );
}

// Words says what a value means, and what it may be.
function Words({ of: s }: { of: Schema }) {
  const values = s.enum ?? s.items?.enum;
  const limits = [
    s.minimum !== undefined && `at least ${s.minimum}`,
    s.maximum !== undefined && `at most ${s.maximum}`,
    s.maxLength !== undefined && `at most ${s.maxLength} characters`,
    s.pattern !== undefined && `matches ${s.pattern}`,
    s.default !== undefined && `${JSON.stringify(s.default)} unless given`,
  ].filter(Boolean);
  return (
    <>
      {s.description && <Prose text={s.description} />}
      {values && <Prose text={"One of " + values.map((v) => "`" + v + "`").join(", ") + "."} />}
      {limits.length > 0 && (
        <Box variant="p" color="text-body-secondary">
          {limits.join("; ")}
        </Box>
      )}
    </>
  );
}
