import { describe, expect, it } from "vitest";
import { addMonths, bytes, change, compare, difference, grouped, money, sum } from "./format";

describe("grouped", () => {
  it.each([
    ["0", "0.00"],
    ["1234567.005", "1,234,567.01"],
    ["1234567.0049999999", "1,234,567.00"],
    ["-0.004", "0.00"],
    ["-0.005", "-0.01"],
    ["999.995", "1,000.00"],
    ["0.0000000001", "0.00"],
    ["90071992547409931.25", "90,071,992,547,409,931.25"],
    ["-12", "-12.00"],
  ])("shows %s as %s", (amount, shown) => expect(grouped(amount)).toBe(shown));
});

describe("money", () => {
  it("puts the currency's sign before the amount", () => {
    expect(money("-1234.5", "USD")).toBe("-$1,234.50");
    expect(money("1234.5", "JPY")).toBe("¥1,235");
    expect(money("1.5", "SEK")).toBe("1.50 SEK");
  });
});

describe("sum", () => {
  it("is exact where numbers are not", () => {
    expect(sum(["0.1", "0.2"])).toBe("0.3");
    expect(sum(["90071992547409931.0000000001", "-0.0000000001"])).toBe("90071992547409931.0000000000");
    expect(sum(["-1.5", "0.25"])).toBe("-1.25");
    expect(sum([])).toBe("0");
  });
});

describe("addMonths", () => {
  it.each([
    ["2026-01", -1, "2025-12"],
    ["2026-12", 1, "2027-01"],
    ["2026-05", -17, "2024-12"],
  ])("moves %s by %d to %s", (month, n, to) => expect(addMonths(month, n)).toBe(to));
});

describe("bytes", () => {
  it("uses the unit that people read", () => {
    expect(bytes(999)).toBe("999 B");
    expect(bytes(3_100_000)).toBe("3.1 MB");
  });
});

describe("compare", () => {
  it.each([
    ["0.1", "0.10", 0],
    ["-0.2", "-0.1", -1],
    ["90071992547409931.0000000002", "90071992547409931.0000000001", 1],
    ["-1", "0", -1],
  ])("orders %s and %s", (a, b, want) => expect(compare(a, b)).toBe(want));
});

describe("difference", () => {
  it.each([
    ["0.3", "0.1", "0.2"],
    ["1", "1.0000000000000000001", "-0.0000000000000000001"],
    ["-1.5", "-1.50", "0"],
    ["100", "0", "100"],
  ])("of %s and %s is %s", (a, b, want) => expect(difference(a, b)).toBe(want));
});

describe("change", () => {
  it.each([
    ["150", "100", "+50.0 %"],
    ["99.95", "100", "-0.1 %"],
    ["100.04", "100", "0.0 %"],
    ["0", "12", "-100.0 %"],
    ["-50", "-100", "+50.0 %"],
    ["5", "0", ""],
    ["1234567", "1", "+123,456,600.0 %"],
  ])("of %s against %s is %s", (a, b, want) => expect(change(a, b)).toBe(want));
});
