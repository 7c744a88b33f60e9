import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing } from "./demo";
import { payer, Walk } from "./walk";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);

describe.skipIf(lack !== "")("a person chooses another way", { timeout: 90_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let walk: Walk;

  beforeAll(async () => {
    demo = await Demo.start();
    browser = await launch();
    walk = await Walk.begin(browser, demo);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    demo.stop();
  });

  it("has the bill delivered to a bucket in another region", async () => {
    await walk.register(payer, "Example Corp");
    await walk.createStack(payer);
    await walk.check();
    await walk.sees("This is a payer");
    await walk.press("Next");
    await walk.page.getByRole("radio", { name: "A new export, its bucket elsewhere" }).check();
    await walk.choose(/^Region of the bucket/, "eu-west-1");
    await walk.press("Use these");
    await walk.page.getByRole("heading", { name: "S3 bucket: create the bucket in eu-west-1" }).waitFor();
    await walk.createStack(payer, 0);
    await walk.createStack(payer, 1);
    await walk.check();
    await walk.sees("The export is set up");
    await walk.sees(/bursar-cur-111122223333-eu-west-1 in eu-west-1/);
    await walk.shows("export-elsewhere");
  });

  it("skips the linked accounts", async () => {
    await walk.press("Next");
    await walk.at("Linked accounts - optional");
    await walk.press("Skip and finish");
    await walk.sees("The registration is finished");
  });

  it("takes an export that a payer has already", async () => {
    await demo.call("DELETE", `/api/v1/accounts/${payer}`);
    await walk.register(payer, "Example Corp");
    await walk.createStack(payer);
    await walk.check();
    await walk.sees("This is a payer");
    await walk.press("Next");
    await walk.page.getByRole("radio", { name: "An export that is there" }).check();
    await walk.press("Use this export: bursar-cur2");
    await walk.page.getByRole("heading", { name: "Let bursar read the export" }).waitFor();
    await walk.createStack(payer);
    await walk.check();
    await walk.sees("The export is set up");
    await walk.go(`/accounts/${payer}/register?step=export`);
    await walk.sees("Chosen");
  });

  it("brings a role that is made on AWS's page", async () => {
    const account = "333344445555";
    await walk.register(account, "Staging", "A role of your own, or the AWS CLI", `arn:aws:iam::${account}:role/bursar/finops`);
    await walk.page.getByRole("button", { name: "If there is no such role yet: create it with the AWS CLI" }).click();
    await walk.sees(/aws iam create-role --role-name finops --path \/bursar\//);
    await walk.shows("role");
    const { external_id } = (await demo.call("GET", `/api/v1/accounts/${account}`)) as { external_id: string };
    await walk.createRole(account, `iam/home/roles/create?awsAccount=999900001111&externalId=${external_id}&roleName=finops&path=/bursar/&policies=arn:aws:iam::aws:policy/ReadOnlyAccess`);
    await walk.check();
    await walk.sees("This is a linked account");
    await walk.reopen(browser);
    await walk.go(`/accounts/${account}/register`);
    await walk.at("Done");
  });

  it("is told when bursar itself may not assume a role outside its path", async () => {
    const account = "444455556666";
    await walk.register(account, "Data", "A role of your own, or the AWS CLI", `arn:aws:iam::${account}:role/finops`);
    const page = await walk.aws("Open AWS create role page", account);
    expect(await page.locator('[name="externalId"]').inputValue()).toMatch(/^bur-/);
    await walk.pictures(page, "aws-create-role");
    await walk.finishRole(page, account);
    await walk.check();
    await walk.sees("bursar's own identity arn:aws:iam::999900001111:user/bursar may not assume it");
  });

  it("has the access stack make the roles of the linked accounts", async () => {
    await walk.go(`/accounts/${payer}/register?step=members`);
    await walk.sees("No role yet");
    await walk.press("Use this"); // the root, which bursar has seen
    await walk.page.getByRole("tab", { name: "By the access stack" }).click();
    await walk.sees("Open its update");
    const page = await walk.aws("Open AWS update stack page", payer);
    await page.locator('[name="param_TargetOrganizationId"]').fill("r-exmp");
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Update stack" }).click();
    await page.getByText("UPDATE_COMPLETE").first().waitFor();
    await page.close();
    await walk.press("Check and confirm access");
    await walk.sees("bursar gets into every linked account");
  });

  it("registers many accounts from a list, and mends those that fail", async () => {
    await walk.go("/accounts/register");
    await walk.page.getByRole("radio", { name: "Many accounts from a list" }).check();
    await walk.press("Next");
    await walk.at("The list");
    const list = 'account_id,name\r\n121212121212,"Sales, EU"\r\n12121212121,Short\r\n343434343434,Example Corp\r\n565656565656,Research\r\n';
    await walk.page.locator("input[type=file]").setInputFiles({ name: "accounts.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
    await walk.sees("a spreadsheet may have dropped leading zeros");
    await walk.shows("list");
    await walk.page.reload(); // what was given is still there
    await walk.press("Register 3 accounts");
    await walk.at("The answers");
    await walk.sees("2 of 4 were not registered");
    await walk.sees("2 registered, 0 were registered already, 1 refused, 1 not sent");
    await walk.shows("answers");
    const [file] = await Promise.all([walk.page.waitForEvent("download"), walk.page.getByRole("button", { name: "Download the failures" }).click()]);
    const failures = readFileSync(await file.path(), "utf8");
    expect(failures.split("\r\n")[0]).toBe("account_id,name,method,role_arn,partition,problem,what_to_do");
    expect(failures).toContain("343434343434,Example Corp");
    await walk.press("Back");
    await walk.page.getByRole("textbox", { name: "or paste the lines" }).fill(failures.replace("12121212121,Short", "012121212121,Short").replace("343434343434,Example Corp", "343434343434,Example Corp EU"));
    await walk.press("Register 2 accounts");
    await walk.sees("2 accounts are registered");
    await walk.page.getByRole("link", { name: "Set up 343434343434" }).click();
    await walk.at("API access");
  });

  it("meets no barrier, no error and no foreign request", () => {
    expect(walk.barriers).toEqual([]);
    expect(walk.troubles()).toEqual([]);
  });
});
