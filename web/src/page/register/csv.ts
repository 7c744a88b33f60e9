import type { Schemas } from "../../api/client";

// Row is one line of a list of accounts, with what is wrong about it.
export interface Row {
  line: number; // in the text, from 1
  values: Record<string, string>; // as written, by column
  problem: string; // "" = none that can be seen from here
  hint: string;
}

export interface List {
  rows: Row[];
  problem: string; // with the text as a whole: nothing can be sent
  hint: string;
}

// Columns of the list, and those of a list of failures, which may be given back as it is.
export const columns = ["account_id", "name", "method", "role_arn", "partition"];
const told = ["problem", "what_to_do"];

const methods = ["", "console", "terraform", "role"];
const partitions = ["", "aws", "aws-cn", "aws-us-gov"];
export const most = 5000;

// split reads CSV as RFC 4180 has it: quotes, doubled quotes, and line breaks within them. null = a quote is not closed.
export function split(text: string): { line: number; cells: string[] }[] | null {
  const out: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let began = 1;
  const body = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n") + "\n";
  for (let i = 0; i < body.length; i++) {
    const c = body[i];
    if (c === "\n") line++;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (body[i + 1] === '"') cell += body[++i];
      else quoted = false;
    } else if (c === '"' && cell === "") quoted = true;
    else if (c === ",") {
      cells.push(cell);
      cell = "";
    } else if (c === "\n") {
      cells.push(cell);
      if (cells.length > 1 || cells[0] !== "") out.push({ line: began, cells });
      cells = [];
      cell = "";
      began = line;
    } else cell += c;
  }
  return quoted ? null : out;
}

// read reads a list of accounts, and looks at each of its rows.
export function read(text: string): List {
  const bad = (problem: string, hint: string): List => ({ rows: [], problem, hint });
  const lines = split(text);
  if (!lines) return bad("A quote is opened and not closed.", "A value with a comma or a quote stands in quotes, each quote in it doubled.");
  const [head, ...rest] = lines;
  if (!head) return bad("", "");
  const names = head.cells.map((c) => c.trim().toLowerCase());
  if (names.includes("external_id")) return bad("The first line names external_id, which is never read from a list.", "Leave the column out: bursar makes one for each account.");
  const unknown = names.find((n) => !columns.includes(n) && !told.includes(n));
  if (unknown !== undefined) return bad(`The first line names a column that there is not: “${unknown.slice(0, 40)}”.`, `The columns are ${columns.join(", ")}.`);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice) return bad(`The first line names ${twice} twice.`, "Name each column once.");
  const missing = ["account_id", "name"].find((n) => !names.includes(n));
  if (missing) return bad(`There is no column ${missing}.`, "The first line names the columns: account_id and name must be there.");
  if (rest.length > most) return bad(`There are ${rest.length} accounts, and ${most} at most are taken at once.`, "Split the list.");
  const wide = rest.find((l) => l.cells.length !== names.length);
  if (wide) return bad(`Line ${wide.line} has ${wide.cells.length} values, and the first line has ${names.length}.`, "Every line has as many values as the first; a value with a comma stands in quotes.");
  const rows = rest.map((l) => looked(l.line, Object.fromEntries(names.map((n, i) => [n, l.cells[i]?.trim() ?? ""]))));
  return { rows: apart(rows), problem: "", hint: "" };
}

function looked(line: number, values: Record<string, string>): Row {
  const [problem, hint] = wrong(values);
  return { line, values, problem, hint };
}

// wrong says what the server would refuse, as far as the row alone tells.
function wrong({ account_id = "", name = "", method = "", role_arn = "", partition = "" }: Record<string, string>): [string, string] {
  if (!/^[0-9]{12}$/.test(account_id)) {
    const digits = /^[0-9]{1,11}$/.test(account_id);
    return [account_id === "" ? "The account id is missing." : `“${account_id.slice(0, 40)}” is not an AWS account id.`, digits ? "12 digits: a spreadsheet may have dropped leading zeros." : "12 digits, without dashes and spaces."];
  }
  if (name === "") return ["The name is missing.", "Give the account a name that people will recognise."];
  if ([...name].length > 100) return [`The name has ${[...name].length} characters.`, "Use at most 100."];
  if (/\p{Cc}/u.test(name)) return ["The name holds a control character.", "Use printable characters."];
  if (!methods.includes(method)) return [`There is no method “${method.slice(0, 40)}”.`, "Use console, terraform or role."];
  if (!partitions.includes(partition)) return [`There is no partition “${partition.slice(0, 40)}”.`, "Use aws, aws-cn or aws-us-gov."];
  if (method === "role" && role_arn === "") return ["The role's ARN is missing.", "Give the ARN of the role that bursar shall assume."];
  if (method !== "role" && role_arn !== "") return ["A role is brought with the method role alone.", "Set method to role, or leave role_arn blank."];
  if (method === "role" && !/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/.+$/.test(role_arn)) return [`“${role_arn.slice(0, 60)}” is not the ARN of a role.`, "It looks like arn:aws:iam::123456789012:role/path/name."];
  if (method === "role" && role_arn.split(":")[4] !== account_id) return [`The role is in account ${role_arn.split(":")[4]}.`, `Give a role of account ${account_id}.`];
  return ["", ""];
}

// apart finds the rows that say an account, or a name, for the second time.
function apart(rows: Row[]): Row[] {
  const first = new Map<string, number>();
  return rows.map((r) => {
    for (const [what, key] of [["account", r.values.account_id], ["name", r.values.name]] as const) {
      if (!key || r.problem) continue;
      const before = first.get(what + key);
      if (before !== undefined) return { ...r, problem: `Line ${before} has the same ${what}.`, hint: "Each is registered once." };
    }
    if (!r.problem) {
      first.set("account" + r.values.account_id, r.line);
      first.set("name" + r.values.name, r.line);
    }
    return r;
  });
}

// body is what is sent of a row: nothing that is blank.
export const body = (r: Row): Schemas["NewAccountRow"] => Object.fromEntries(columns.map((c) => [c, r.values[c] ?? ""]).filter(([, v]) => v !== ""));
