import { expect, it } from "vitest";
import { topicsOf } from "./changes";

it("reads what has changed, and nothing else", () => {
  expect(topicsOf('event: changes\ndata: {"topics":["runs"]}')).toEqual(["runs"]);
  expect(topicsOf('event: changes\ndata: {"topics":[]}')).toEqual([]);
  expect(topicsOf(": still here")).toBeNull();
  expect(topicsOf('event: run\ndata: {"id":"x"}')).toBeNull();
});
