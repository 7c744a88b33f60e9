import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

describe.skipIf(lack !== "")("the API reference", { timeout: 120_000 }, () => {
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

  const shown = (page: Page) => page.getByRole("heading", { level: 3 }).count();

  it("is a page of the console that has every request", async () => {
    await tab.page.getByRole("link", { name: "API reference" }).click();
    await tab.page.getByRole("heading", { level: 1, name: "API reference" }).waitFor();
    const doc = (await demo.call("GET", "/api/v1/openapi.json")) as { paths: Record<string, object> };
    const want = Object.values(doc.paths).reduce((n, methods) => n + Object.keys(methods).length, 0);
    expect(want).toBeGreaterThan(50);
    await expect.poll(() => shown(tab.page)).toBe(want);
    await tab.shot("reference");
  });

  it("finds, opens, and says what is sent and answered", async () => {
    await tab.page.getByLabel("Find a request").fill("rename patch");
    await expect.poll(() => shown(tab.page)).toBeLessThan(5);
    expect(tab.page.url()).toContain("q=rename");
    await tab.page.getByRole("button", { name: /PATCH.*\/api\/v1\/accounts\/\{account\}/ }).first().click();
    await tab.page.getByText("curl -X PATCH").waitFor();
    await tab.page.getByText("If-Match", { exact: true }).waitFor();
    await tab.page.getByRole("button", { name: "Fields of Status" }).first().click();
    await tab.page.getByText("summary", { exact: true }).first().waitFor();
    await tab.shot("reference-open");
  });

  it("is reached by the address of one request", async () => {
    await tab.go("/reference#askCosts");
    await tab.page.getByText("group_by", { exact: true }).first().waitFor();
    expect(await tab.page.locator("#askCosts").evaluate((e) => e.getBoundingClientRect().top)).toBeLessThan(400);
  });

  it("is open to whoever has no credential", async () => {
    const page = await (await browser.newContext({ viewport: { width: 1000, height: 800 } })).newPage();
    tab.listen(page);
    const answer = await page.goto(demo.server + "/reference");
    expect(answer?.headers()["content-security-policy"]).toMatch(/^default-src 'self';/);
    await page.getByRole("heading", { level: 1, name: "API reference" }).waitFor();
    await expect.poll(() => shown(page)).toBeGreaterThan(50);
    await page.close();
  });

  it.each([
    ["light", {}],
    ["dark, narrow", { dark: true, width: 540 }],
    ["light, narrow", { width: 540 }],
  ])("has no barrier: %s", async (name, options) => {
    const other = await Tab.open(browser, demo, options);
    await other.go("/reference#addAccount");
    await other.page.getByRole("button", { name: "Fields of Account" }).or(other.page.getByText("account_id", { exact: true })).first().waitFor();
    expect(await other.barriers()).toEqual([]);
    expect(await other.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    await other.shot(`reference-${name.replace(", ", "-")}`);
    expect(other.troubles).toEqual([]);
    await other.context.close();
  });

  it("meets no error, no foreign request and no refusal of the page's policy", () => {
    expect(tab.troubles).toEqual([]);
  });
});
