import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing } from "./demo";
import { careless, linked, payer, standalone, Walk } from "./walk";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);

describe.skipIf(lack !== "")("a person registers accounts", { timeout: 90_000 }, () => {
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

  it("chooses a method, each of which is explained", async () => {
    await walk.go("/accounts/register");
    for (const name of ["AWS console (CloudFormation)", "Terraform", "A role of your own, or the AWS CLI", "Many accounts from a list"]) expect(await walk.page.getByRole("radio", { name }).count()).toBe(1);
    await walk.shows("method");
    const at = () => walk.page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.value ?? "");
    await walk.page.getByRole("radio", { name: "AWS console (CloudFormation)" }).focus();
    for (const way of ["terraform", "role", "bulk", "console"]) { // by keyboard, which never loses its place
      await walk.page.keyboard.press("ArrowDown");
      await expect.poll(() => walk.page.getByRole("radio", { checked: true }).getAttribute("value")).toBe(way);
      expect(await at()).toBe(way);
    }
    await walk.page.getByRole("button", { name: "Next" }).focus();
    await walk.page.keyboard.press("Enter");
    await walk.at("Basic details");
    await walk.shows("details");
  });

  it("registers a linked account, and is told why it gets no export", async () => {
    await walk.register(linked, "Production");
    expect(await walk.page.getByRole("link", { name: /update stack page/ }).count()).toBe(0); // there is no stack yet
    await walk.page.getByRole("button", { name: /^The template: access.yaml/ }).click();
    await walk.sees("AWSTemplateFormatVersion");
    await walk.page.getByRole("button", { name: /^The template: access.yaml/ }).click();
    await walk.createStack(linked);
    await walk.check();
    await walk.sees("This is a linked account");
    await walk.sees("It gets no billing export");
    await walk.sees(/^\d\d:\d\d:\d\d UTC, after \d/);
    await walk.sees("Register the payer");
    expect(await walk.page.getByRole("link", { name: /update stack page/ }).count()).toBe(1);
    await walk.shows("linked");
    await walk.press("Confirm and finish");
    await walk.at("Done");
    await walk.sees("The registration is finished");
  });

  it("is signed in to the wrong account, is told so in AWS and here, and mends it", async () => {
    await walk.register(payer, "Example Corp");
    await walk.press("Next");
    await walk.sees("API access is not confirmed yet");
    const page = await walk.aws(/Open AWS create stack page/, standalone);
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByText("You are signed in to another AWS account").waitFor();
    await walk.pictures(page, "aws-create-stack");
    await page.close();
    await walk.check();
    await walk.sees("A stack in another account does not help");
    await walk.shows("wrong-account");
    await walk.createStack(payer);
    await walk.check();
    await walk.sees("This is a payer");
    await walk.press("Next");
    await walk.at("Billing export");
    await walk.shows("export-default");
  });

  it("closes the tab and resumes where the registration stands", async () => {
    await walk.reopen(browser);
    await walk.go(`/accounts/${payer}/register`);
    await walk.at("Billing export");
    await walk.press("Next");
    await walk.sees("The billing export is not confirmed yet");
    await walk.createStack(payer);
    await walk.check();
    await walk.sees("The export is set up");
    await walk.reopen(browser);
    await walk.go(`/accounts/${payer}/register`);
    await walk.at("Linked accounts - optional");
    await walk.sees("No role yet");
  });

  it("rolls the roles out to the linked accounts; one fails, is mended, and is tried again", async () => {
    const member = "555566667777";
    const role = /bursar-[a-z0-9]{10}/.exec(await walk.page.getByText(/-members$/).first().innerText())?.[0] ?? "";
    await walk.inTheWay(member, role);
    await walk.createStackSet(payer);
    await walk.check("Check and confirm access");
    await walk.sees("3 of 4 open accounts");
    await walk.sees("AWS could not make the role");
    await walk.sees("Something of the same name is in the account already");
    await walk.shows("members-one-fails");
    await walk.outOfTheWay(member, role);
    await walk.redeploy(payer, member);
    await walk.press("Try the 1 that lack it again");
    await walk.sees("bursar gets into every linked account");
    await walk.shows("members");
    await walk.press("Finish");
    await walk.at("Done");
    await walk.shows("done");
    await walk.go(`/accounts/${payer}/register`);
    await walk.at("Done");
  });

  it("registers a standalone account with an export that is there", async () => {
    await walk.register(standalone, "Lone Star");
    await walk.createStack(standalone);
    await walk.check();
    await walk.sees("This is a standalone account");
    await walk.press("Next");
    await walk.at("Billing export");
    await walk.page.getByRole("radio", { name: "An export that is there" }).check();
    await walk.sees("Proposed");
    await walk.page.getByRole("button", { name: /^Every verdict/ }).click();
    await walk.sees("names the resource of each line");
    await walk.shows("export-existing");
    await walk.press("Use this export: lone-star-hourly");
    await walk.at("Billing export");
    await walk.page.getByRole("heading", { name: "Let bursar read the export" }).waitFor();
    await walk.page.getByRole("button", { name: "What the role may do: its policy" }).click();
    await walk.sees(/"arn:aws:s3:::lone-star-billing\/reports\/lone-star-hourly\/\*"/);
    await walk.createStack(standalone);
    await walk.check();
    await walk.sees(/The export is set up|Bills arrive/);
    await walk.press("Next");
    await walk.at("Done"); // there are no linked accounts to bring in
  });

  it("is warned of a role that anybody can use, and goes no further", async () => {
    await walk.register(careless, "Careless Ltd");
    await walk.createStack(careless);
    await walk.check();
    await walk.sees("Failed");
    await walk.sees("What to do");
    await walk.sees("This role is insecure");
    await walk.press("Next");
    await walk.sees("API access is not confirmed yet");
    await walk.shows("insecure");
  });

  it("meets no barrier, no error and no foreign request", () => {
    expect(walk.barriers).toEqual([]);
    expect(walk.troubles()).toEqual([]);
  });
});
