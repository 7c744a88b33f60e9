import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { curl, type Document, fieldsOf, found, named, operations, sample, typeOf } from "./document";

const doc = JSON.parse(readFileSync(new URL("../../../../internal/api/openapi.json", import.meta.url), "utf8")) as Document;
const all = operations(doc);
const one = (id: string) => {
  const op = all.find((o) => o.operationId === id);
  if (!op) throw new Error(`no ${id}`);
  return op;
};

describe("the reference", () => {
  it("has every operation of the document", () => {
    const want = Object.values(doc.paths).flatMap((methods) => Object.values(methods).map((op) => op.operationId));
    expect(all.map((o) => o.operationId).sort()).toEqual(want.sort());
  });
  it("finds by any word, wherever it stands", () => {
    const ids = (text: string) => all.filter((o) => found(o, text)).map((o) => o.operationId);
    expect(ids("rename")).toContain("renameAccount");
    expect(ids("PATCH accounts")).toEqual(expect.arrayContaining(["renameAccount", "changeSetup"]));
    expect(ids("PATCH accounts")).not.toContain("listAccounts");
    expect(ids("group_by")).toContain("askCosts");
    expect(ids("  ")).toEqual(all.map((o) => o.operationId));
    expect(ids("accounts xyzzy")).toEqual([]);
  });
  it("names the type of every parameter, field and body, and follows every reference", () => {
    for (const op of all) for (const p of op.parameters ?? []) expect(typeOf(doc, p.schema)).not.toBe("any");
    for (const schema of Object.values(doc.components.schemas)) {
      for (const p of Object.values(schema.properties ?? {})) {
        if (p.$ref) expect(named(doc, p).schema).not.toEqual({});
        expect(typeOf(doc, p)).not.toBe("");
      }
    }
    const list = one("listAccounts").responses["200"]?.content?.["application/json"]?.schema ?? {};
    expect(typeOf(doc, fieldsOf(doc, list)?.schema.properties?.items ?? {})).toBe("list of Account");
  });
  it("writes commands that ask for what is needed", () => {
    expect(curl(doc, one("getAccount"))).toBe('curl \\\n  -H "Authorization: Bearer $BURSAR_TOKEN" \\\n  "$BURSAR_SERVER/api/v1/accounts/{account}"');
    const add = curl(doc, one("addAccount"));
    expect(add).toContain("curl -X POST");
    expect(JSON.parse(/--data '(.*)'/.exec(add)?.[1] ?? "")).toEqual({ account_id: "123456789012", name: "…" });
    expect(curl(doc, one("signIn"))).not.toContain("Authorization");
    for (const op of all) expect(curl(doc, op)).not.toContain("undefined");
  });
  it("makes samples that end, of schemas that hold themselves", () => {
    const loop: Document = { ...doc, components: { schemas: { Node: { type: "object", required: ["next"], properties: { next: { $ref: "#/components/schemas/Node" } } } } } };
    expect(JSON.stringify(sample(loop, { $ref: "#/components/schemas/Node" })).length).toBeLessThan(200);
  });
});
