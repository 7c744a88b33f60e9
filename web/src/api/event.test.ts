import { describe, expect, it } from "vitest";
import { parse } from "./event";
import { problemOf } from "./problem";

describe("parse", () => {
  it("reads runs and findings, and leaves heartbeats out", () => {
    expect(parse('event: run\ndata: {"id":"run_1","state":"running"}')).toEqual({ run: { id: "run_1", state: "running" } });
    expect(parse('event: finding\ndata: {"id":"fnd_1"}')).toEqual({ finding: { id: "fnd_1" } });
    expect(parse(": still here")).toBeNull();
    expect(parse("event: other\ndata: {}")).toBeNull();
  });
});

describe("problemOf", () => {
  it("says what the server said, and which field it was about", () => {
    const p = problemOf({ detail: "too long", reason: "name_too_long", field: "name", hint: "shorten it" }, 422);
    expect([p.message, p.field, p.hint, p.reason, p.status]).toEqual(["too long", "name", "shorten it", "name_too_long", 422]);
  });
  it("says so when nothing answers, or nothing that it understands", () => {
    expect(problemOf(null, 0).message).toContain("does not answer");
    expect(problemOf("<html>", 502).message).toContain("502");
  });
});
