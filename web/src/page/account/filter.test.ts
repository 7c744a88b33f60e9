import { expect, it } from "vitest";
import { fromParams, toParams } from "./filter";

it("keeps a filter in the page's address", () => {
  const said = "q=prod&name=team&name=%21test&kind=payer&kind=linked&state=%21connected&finding=outdated&capability=access%3Aok&capability=access%3A%21late";
  const query = fromParams(new URLSearchParams(said));
  expect(query.tokens).toHaveLength(8);
  expect(query.tokens).toContainEqual({ propertyKey: "kind", operator: "=", value: ["payer", "linked"] });
  expect(query.tokens).toContainEqual({ propertyKey: "capability.access", operator: "!=", value: ["late"] });
  expect(new URLSearchParams(toParams(query)).toString().split("&").sort()).toEqual(said.split("&").sort());
});
