import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

const payer = "111122223333";
const careless = "888899990000";

describe.skipIf(lack !== "")("a person in the console", { timeout: 120_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    demo = await Demo.start();
    browser = await launch();
    tab = await Tab.open(browser, demo);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    demo.stop();
  });

  const check = async () => {
    await tab.page.getByRole("button", { name: "Check and confirm" }).click();
    const button = tab.page.getByRole("button", { name: "Check and confirm" });
    await expect.poll(() => button.getAttribute("aria-disabled"), { timeout: 5_000, interval: 20 }).toBe("true");
    await expect.poll(() => button.getAttribute("aria-disabled"), { timeout: 60_000 }).not.toBe("true");
  };
  // createStack does what a person does on AWS's page.
  const createStack = async (account: string) => {
    const [aws] = await Promise.all([tab.context.waitForEvent("page"), tab.page.getByRole("link", { name: /Open AWS create stack page/ }).click()]);
    tab.listen(aws);
    await aws.getByLabel("Signed in to").selectOption(account);
    await aws.getByRole("button", { name: "Switch" }).click();
    await aws.getByRole("checkbox").check();
    await aws.getByRole("button", { name: "Create stack" }).click();
    await aws.getByText("CREATE_COMPLETE").first().waitFor();
    await aws.close();
  };

  it("sees the first step in an empty installation", async () => {
    await tab.go("/");
    await tab.page.getByText("Begin with your payer account").waitFor();
  });

  it("is told at the field what is wrong, and registers", async () => {
    await tab.go("/accounts/register");
    await tab.page.getByRole("button", { name: "Next" }).click();
    await tab.page.getByLabel("AWS account id").fill("11112222333");
    await tab.page.getByLabel("Name").fill("Example Corp");
    await tab.page.getByRole("button", { name: "Register", exact: true }).click();
    await tab.page.getByText("is not an AWS account id").waitFor();
    await tab.page.getByLabel("AWS account id").fill("1111-2222-3333");
    await tab.page.getByRole("button", { name: "Register", exact: true }).click();
    await tab.page.getByRole("link", { name: /Open AWS create stack page/ }).waitFor();
    await tab.shot("register-access");
  });

  it("creates the access stack and confirms it: a payer", async () => {
    await createStack(payer);
    await check();
    await tab.page.getByText("it is the management account of organization").first().waitFor();
    await tab.shot("register-checked");
  });

  it("resumes at the export after the tab was closed, and finishes", async () => {
    await tab.go(`/accounts/${payer}/register`);
    await tab.page.getByRole("heading", { name: "Have AWS deliver the bill" }).first().waitFor();
    await createStack(payer);
    await check();
    await tab.page.getByText("waits for its first delivery").first().waitFor();
  });

  it("sees bills arrive, and what they cost", async () => {
    await demo.advance("36h");
    await tab.go(`/accounts/${payer}?tab=bills`);
    await tab.page.getByText("Published").first().waitFor({ timeout: 60_000 });
    await expect.poll(async () => tab.page.getByText("Published").count(), { timeout: 60_000 }).toBe(6);
    await tab.shot("account-bills");
    await tab.go("/costs");
    await tab.page.getByText(/^Total \$[0-9,]+\.[0-9]{2}$/).first().waitFor();
    const asked = (await demo.call("GET", "/api/v1/costs?granularity=total&from=2020-01&to=2100-01")) as { totals: { amount: string }[] };
    const dollars = asked.totals[0]?.amount.split(".")[0] ?? "?";
    expect(await tab.page.getByText(/^Total \$/).first().innerText()).toContain(Number(dollars).toLocaleString("en-US").slice(0, -1));
    await tab.shot("costs");
  });

  it("is warned of an account whose role anybody can use", async () => {
    await demo.call("POST", "/api/v1/accounts", { account_id: careless, name: "Careless Ltd" });
    await tab.go(`/accounts/${careless}/register`);
    await createStack(careless);
    await check();
    await tab.page.getByText("can be assumed (sts:AssumeRole) with").first().waitFor();
    await tab.go("/");
    await tab.page.getByText("Insecure").first().waitFor();
    await tab.shot("insecure");
  });

  it("makes a key, sees it once, and revokes it", async () => {
    await tab.go("/keys");
    await tab.page.getByRole("button", { name: "Create a key" }).click();
    await tab.page.getByLabel("Name").fill("reader");
    await tab.page.getByRole("button", { name: "Create", exact: true }).click();
    await tab.page.getByText("it is shown this once").waitFor();
    await tab.go("/keys");
    expect(await tab.page.getByText("it is shown this once").count()).toBe(0);
    await tab.page.getByRole("button", { name: "Revoke reader" }).click();
    await tab.page.getByRole("button", { name: "Revoke", exact: true }).last().click();
    await tab.page.getByText("Revoked").waitFor();
  });

  it("invites somebody, and takes it back", async () => {
    await tab.go("/people");
    await tab.page.getByLabel("E-mail address").fill("ann@example.com");
    await tab.page.getByRole("button", { name: "Invite", exact: true }).click();
    await tab.page.getByText("it is shown this once").waitFor();
    await tab.page.getByRole("button", { name: "Withdraw the invitation of ann@example.com" }).click();
    await tab.page.getByText("ann@example.com").last().waitFor();
    await expect.poll(() => tab.page.getByRole("button", { name: "Withdraw the invitation of ann@example.com" }).count()).toBe(0);
  });

  it("asks in SQL", async () => {
    await tab.go("/sql");
    await tab.page.getByRole("button", { name: "Run" }).click();
    await tab.page.getByText("AmazonEC2").first().waitFor();
  });

  it("meets no error, no foreign request and no refusal of the page's policy", () => {
    expect(tab.troubles).toEqual([]);
  });

  const places = ["/", "/accounts", "/accounts/register", `/accounts/${payer}`, `/accounts/${payer}?tab=bills`, `/accounts/${payer}?tab=members`, `/accounts/${payer}?tab=events`, "/costs", "/sql", "/deliveries", "/runs", "/people", "/keys", "/audit", "/about", "/nowhere"];
  it.each([
    ["light, wide", { dark: false, width: 1300 }],
    ["dark, narrow", { dark: true, width: 540 }],
  ])("meets no barrier on any page: %s", async (_name, options) => {
    const other = await Tab.open(browser, demo, options);
    const found: string[] = [];
    for (const p of places) {
      await other.go(p);
      found.push(...(await other.barriers()).map((b) => `${p}: ${b}`));
      await other.shot(`${p.replaceAll(/\W+/g, "-")}-${options.dark ? "dark" : "light"}`);
    }
    expect(found).toEqual([]);
    expect(other.troubles).toEqual([]);
    await other.context.close();
  });
});
