// save hands a text to the browser as a file.
export function save(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const a = Object.assign(document.createElement("a"), { href: url, download: name });
  a.click();
  URL.revokeObjectURL(url);
}

// csv writes rows as CSV (RFC 4180). A cell that a spreadsheet would take for a formula is written as text.
export const csv = (rows: string[][]): string => rows.map((r) => r.map(cell).join(",") + "\r\n").join("");

const cell = (v: string) => {
  const safe = /^[=+\-@\t\r]/.test(v) ? "'" + v : v;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
