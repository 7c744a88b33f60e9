// The parts of an OpenAPI document that the reference shows.
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  enum?: (string | number)[];
  default?: unknown;
  examples?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema?: Schema; example?: unknown }>;

interface Described {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security?: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { content: Content; required?: boolean };
  responses: Record<string, { description: string; content?: Content; headers?: Record<string, { description?: string }> }>;
}

export interface Document {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

export interface Operation extends Described {
  method: string;
  path: string;
}

const order = ["get", "post", "put", "patch", "delete"];

// operations are the document's, by their paths and then methods.
export function operations(doc: Document): Operation[] {
  return Object.entries(doc.paths).flatMap(([path, methods]) =>
    order.flatMap((method) => {
      const op = methods[method];
      return op ? [{ ...op, method: method.toUpperCase(), path }] : [];
    }),
  );
}

// found says whether an operation has every word that is looked for, wherever it stands.
export function found(op: Operation, text: string): boolean {
  const hay = [op.method, op.path, op.operationId, op.summary, op.description ?? "", ...op.tags, ...(op.parameters ?? []).map((p) => p.name)].join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

// named follows a reference. name is "" for a schema that has none.
export function named(doc: Document, schema: Schema): { name: string; schema: Schema } {
  const name = schema.$ref?.split("/").pop() ?? "";
  return name ? { name, schema: doc.components.schemas[name] ?? {} } : { name, schema };
}

// typeOf says in words of what type a value is.
export function typeOf(doc: Document, schema: Schema): string {
  const { name, schema: s } = named(doc, schema);
  if (name) return s.properties ? name : (s.type ?? "any");
  if (s.type === "array") return `list of ${s.items ? typeOf(doc, s.items) : "anything"}`;
  if (typeof s.additionalProperties === "object") return `map of ${typeOf(doc, s.additionalProperties)}`;
  if (s.format === "date-time") return "time";
  return s.type ?? "any";
}

// fieldsOf is the schema whose fields a value has: its own, or those of what a list or a map holds.
export function fieldsOf(doc: Document, schema: Schema): { name: string; schema: Schema } | null {
  const at = named(doc, schema);
  if (at.schema.properties) return at;
  if (at.schema.items) return fieldsOf(doc, at.schema.items);
  if (typeof at.schema.additionalProperties === "object") return fieldsOf(doc, at.schema.additionalProperties);
  return null;
}

// sample makes a value that a schema allows: what must be there, and nothing else.
export function sample(doc: Document, schema: Schema, depth = 0): unknown {
  const { schema: s } = named(doc, schema);
  if (s.examples?.length) return s.examples[0];
  if (s.enum?.length) return s.enum[0];
  if (s.properties && depth < 4) {
    return Object.fromEntries(Object.entries(s.properties).filter(([name]) => s.required?.includes(name)).map(([name, p]) => [name, sample(doc, p, depth + 1)]));
  }
  switch (s.type) {
    case "array":
      return s.items && depth < 4 ? [sample(doc, s.items, depth + 1)] : [];
    case "integer":
    case "number":
      return s.minimum ?? 1;
    case "boolean":
      return true;
    case "object":
      return {};
  }
  if (s.pattern === "^[0-9]{12}$") return "123456789012";
  return s.format === "date-time" ? "2026-01-31T00:00:00Z" : "…";
}

// curl is the operation as a command. Its path keeps the names of what the caller fills in.
export function curl(doc: Document, op: Operation): string {
  const lines = ["curl"];
  if (op.method !== "GET") lines[0] += ` -X ${op.method}`;
  if (op.security?.length) lines.push('-H "Authorization: Bearer $BURSAR_TOKEN"');
  const body = op.requestBody?.content["application/json"]?.schema;
  if (body) lines.push("-H 'Content-Type: application/json'", `--data '${JSON.stringify(sample(doc, body))}'`);
  const must = (op.parameters ?? []).filter((p) => p.in === "query" && p.required).map((p) => `${p.name}=${String(sample(doc, p.schema))}`);
  lines.push(`"$BURSAR_SERVER${op.path}${must.length ? "?" + must.join("&") : ""}"`);
  return lines.join(" \\\n  ");
}
