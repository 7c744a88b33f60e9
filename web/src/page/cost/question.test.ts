import { describe, expect, it } from "vitest";
import { filterText, noValue, tokenOf } from "./filter";
import { daysOf, drill, filterOf, groupsOf, readView, writeItems, writeView } from "./question";
import { linesOf, timesOf } from "./series";

describe("an address", () => {
  it.each(["", "group_by=account%2Ctag%3Ateam&granularity=daily&from=2026-01&to=2026-02-15&metric=amortized&filter=service+is+A&filter=tag%3Ateam+not+exists&compare=previous&top=0&chart=line", "group_by=", "granularity=hourly&chart=bar"])(
    "%s restores the page, and says nothing that goes without saying",
    (address) => expect(writeView(readView(new URLSearchParams(address))).toString()).toBe(address),
  );
  it("says what it does not know to the server", () => expect(readView(new URLSearchParams("metric=x&granularity=weekly&top=-3")).metric).toBe("x"));
  it("of line items keeps filters and time", () =>
    expect(writeItems({ from: "2026-01-01", to: "2026-01-02", metric: "list", filter: ["service is A & B"] })).toBe("/costs/items?from=2026-01-01&to=2026-01-02&metric=list&filter=service+is+A+%26+B"));
});

describe("a filter", () => {
  it.each([
    ["service is AmazonEC2", { propertyKey: "service", operator: "=", value: "AmazonEC2" }],
    ["service is not is not", { propertyKey: "service", operator: "!=", value: "is not" }],
    ["usage_type contains Box Usage", { propertyKey: "usage_type", operator: ":", value: "Box Usage" }],
    ["usage_type not contains x", { propertyKey: "usage_type", operator: "!:", value: "x" }],
    ['tag:"what is it" is 7', { propertyKey: "tag:what is it", operator: "=", value: "7" }],
    ['cost_category:"a\\"b" exists', { propertyKey: 'cost_category:a"b', operator: "!=", value: noValue }],
    ['tag:"team" not exists', { propertyKey: "tag:team", operator: "=", value: noValue }],
  ])("%s is a token, and back", (filter, token) => {
    expect(tokenOf(filter)).toEqual(token);
    expect(filterText(token)).toBe(filter);
  });
  it("is read as people write it", () => {
    expect(tokenOf("tag:cost centre not contains x")).toEqual({ propertyKey: "tag:cost centre", operator: "!:", value: "x" });
    expect(tokenOf("service")).toBeNull();
    expect(tokenOf("service was x")).toBeNull();
    expect(filterText({ operator: ":", value: "free text" })).toBeNull();
  });
  it("of a group lets what has none through too", () => {
    expect(filterOf("service", "AmazonEC2")).toBe("service is AmazonEC2");
    expect(filterOf("tag:my team", "")).toBe('tag:"my team" not exists');
  });
});

describe("drilling down", () => {
  const view = (address: string) => readView(new URLSearchParams(address));
  it("asks what is finer", () => {
    const once = drill(view(""), { service: "AmazonEC2" });
    expect([once.filter, once.group_by]).toEqual([["service is AmazonEC2"], "usage_type"]);
    const twice = drill(once, { usage_type: "" });
    expect([twice.filter, twice.group_by]).toEqual([["service is AmazonEC2", "usage_type not exists"], "operation"]);
  });
  it("keeps the groups that are left", () => expect(groupsOf(drill(view("group_by=account,service"), { account: "1" }))).toEqual(["service"]));
  it("does not ask twice", () => expect(drill(view("group_by=region&filter=service+is+A"), { region: "r" }).group_by).toBe("usage_type"));
  it("stays within the time", () => {
    expect(daysOf("2026-01-01", "monthly", "2026-01-10", "2026-03-01")).toEqual({ from: "2026-01-10", to: "2026-02-01" });
    expect(daysOf("2026-02-01", "monthly", "2026-01-10", "2026-02-15")).toEqual({ from: "2026-02-01", to: "2026-02-15" });
    expect(daysOf("2026-02-28", "daily", "2026-01-01", "2026-03-01")).toEqual({ from: "2026-02-28", to: "2026-03-01" });
    expect(daysOf("2026-02-28T23:00:00Z", "hourly", "2026-01-01", "2026-03-01")).toEqual({ from: "2026-02-28", to: "2026-03-01" });
    expect(daysOf("2026-01-01", "total", "2026-01-01", "2026-03-01")).toEqual({ from: "2026-01-01", to: "2026-03-01" });
  });
});

describe("lines", () => {
  const row = (start: string, service: string, amount: string, currency: string, rest = 0) => ({ start, amount, currency, rest, ...(rest ? {} : { groups: { service } }) });
  const answer = {
    metric: "unblended", granularity: "daily", from: "2026-01-01", to: "2026-01-03", group_by: ["service"], totals: [], notes: [],
    rows: [row("2026-01-01", "A", "0.1", "USD"), row("2026-01-01", "B", "5", "USD"), row("2026-01-02", "A", "0.2", "USD"), row("2026-01-02", "", "90", "USD", 3), row("2026-01-01", "A", "7", "CNY")],
  } as Parameters<typeof linesOf>[0];
  it("add up exactly, currencies apart, others last", () => {
    const lines = linesOf(answer, (_, value) => value);
    expect(lines.map((l) => [l.unit, l.name, l.total])).toEqual([["CNY", "A", "7"], ["USD", "B", "5"], ["USD", "A", "0.3"], ["USD", "3 others", "90"]]);
    expect(timesOf(answer)).toEqual(["2026-01-01", "2026-01-02"]);
  });
});
