import { describe, expect, it } from "vitest";
import { body, read, split } from "./csv";

const problems = (text: string) => read(text).rows.map((r) => r.problem);

describe("a list of accounts", () => {
  it("is split as RFC 4180 has it", () => {
    expect(split('a,b\r\n"x, ""y""","1\n2"\n\nlast,\n')).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: ['x, "y"', "1\n2"] },
      { line: 5, cells: ["last", ""] },
    ]);
    expect(split('a\n"open')).toBeNull();
    expect(split("")).toEqual([]);
  });

  it("takes columns in any order, and a byte order mark", () => {
    const { rows, problem } = read('\uFEFFName,account_id\n"Sales, EU",111122223333\n');
    expect(problem).toBe("");
    expect(rows.map(body)).toEqual([{ account_id: "111122223333", name: "Sales, EU" }]);
  });

  it.each([
    ["account_id\n111122223333\n", "There is no column name."],
    ["account_id,name,external_id\n", "external_id"],
    ["account_id,name,colour\n", "colour"],
    ["account_id,name,name\n", "twice"],
    ["account_id,name\n111122223333\n", "Line 2 has 1 values"],
    ['account_id,name\n"x', "not closed"],
    ["account_id,name\n" + "111122223333,x\n".repeat(5001), "5001"],
  ])("is refused as a whole: %s", (text, says) => {
    expect(read(text).problem).toContain(says);
    expect(read(text).rows).toEqual([]);
  });

  it("is looked at row by row", () => {
    const arn = "arn:aws:iam::444455556666:role/finops";
    expect(
      problems(
        ["account_id,name,method,role_arn,partition", "111122223333,One,,,", "11112222,Two,,,", "222233334444,,,,", "333344445555,Three,magic,,", `444455556666,Four,role,${arn},`, "555566667777,Five,role,,", `666677778888,Six,role,${arn},`, `777788889999,Seven,,${arn},`, "111122223333,Eight,,,", "888899990000,One,,,", "999900001111,Nine,,,mars"].join("\n"),
      ),
    ).toEqual(["", "“11112222” is not an AWS account id.", "The name is missing.", "There is no method “magic”.", "", "The role's ARN is missing.", "The role is in account 444455556666.", "A role is brought with the method role alone.", "Line 2 has the same account.", "Line 2 has the same name.", "There is no partition “mars”."]);
  });

  it("may have the columns of a list of failures", () => {
    expect(read("account_id,name,problem,what_to_do\n111122223333,One,it was,do\n").rows.map(body)).toEqual([{ account_id: "111122223333", name: "One" }]);
  });
});
