import { describe, expect, it } from "vitest";
import { drawable, seriesOf } from "./axes";

const column = (name: string, type: string) => ({ name, type });

describe("a chart of an answer", () => {
  it("draws the last numbers by the first column that is none", () => {
    expect(drawable({ columns: [column("month", "text"), column("service", "text"), column("n", "integer"), column("cost", "decimal")], rows: [] })).toEqual({ x: 0, y: 3, by: [1] });
    expect(drawable({ columns: [column("n", "integer")], rows: [] })).toBeNull();
    expect(drawable({ columns: [column("a", "text")], rows: [] })).toBeNull();
  });
  it("keeps the largest series", () => {
    const columns = [column("day", "date"), column("service", "text"), column("cost", "decimal")];
    const rows = Array.from({ length: 12 }, (_, i) => ["2026-01-01", `s${i}`, String(i)]);
    const got = seriesOf({ columns, rows: [...rows, ["2026-01-02", "s11", "1.5"], ["2026-01-02", null, null]] }, { x: 0, y: 2, by: [1] });
    expect([got.series.length, got.left, got.xs]).toEqual([10, 3, ["2026-01-01", "2026-01-02"]]);
    expect(got.series[0]).toEqual({ title: "s11", data: [{ x: "2026-01-01", y: 11 }, { x: "2026-01-02", y: 1.5 }] });
  });
});
