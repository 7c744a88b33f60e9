// What of an answer a chart can draw: the last column of numbers, by the first column that is none, told apart by the others.

export interface Answered {
  columns: { name: string; type: string }[];
  rows: unknown[][];
}

export interface Axes {
  x: number;
  y: number;
  by: number[];
}

const numbers = ["decimal", "integer", "float"];

// drawable finds the axes; null where there is nothing to draw.
export function drawable({ columns }: Answered): Axes | null {
  const y = columns.findLastIndex((c) => numbers.includes(c.type));
  const x = columns.findIndex((c, i) => i !== y && !numbers.includes(c.type));
  if (y < 0 || x < 0) return null;
  return { x, y, by: columns.map((_, i) => i).filter((i) => i !== x && i !== y && !numbers.includes(columns[i]?.type ?? "")) };
}

const most = 10;

// seriesOf gathers rows into series, the largest first. Those that a chart has no room for are left out, and counted.
export function seriesOf(a: Answered, { x, y, by }: Axes): { series: { title: string; data: { x: string; y: number }[] }[]; xs: string[]; left: number } {
  const all = new Map<string, Map<string, number>>();
  const xs = new Set<string>();
  for (const row of a.rows) {
    const title = by.map((i) => String(row[i] ?? "NULL")).join(" · ") || (a.columns[y]?.name ?? "");
    const at = String(row[x] ?? "NULL");
    const points = all.get(title) ?? new Map<string, number>();
    points.set(at, (points.get(at) ?? 0) + Number(row[y] ?? 0));
    all.set(title, points);
    xs.add(at);
  }
  const size = (points: Map<string, number>) => [...points.values()].reduce((s, v) => s + Math.abs(v), 0);
  const sorted = [...all].sort((p, q) => size(q[1]) - size(p[1]));
  return {
    series: sorted.slice(0, most).map(([title, points]) => ({ title, data: [...xs].map((v) => ({ x: v, y: points.get(v) ?? 0 })) })),
    xs: [...xs],
    left: Math.max(0, sorted.length - most),
  };
}
