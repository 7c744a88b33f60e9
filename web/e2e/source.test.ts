import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

const lone = "777788889999";

interface Listed<T> {
  items: T[];
}

describe.skipIf(lack !== "")("a person asks Cost Explorer, and knows what it costs", { timeout: 120_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let tab: Tab;
  let id = "";
  const press = (name: string | RegExp) => tab.page.getByRole("button", { name, exact: typeof name === "string" }).filter({ visible: true }).first().click();
  const sees = (text: string | RegExp) => tab.page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 20_000 });
  const box = (name: string) => tab.page.getByRole("textbox", { name, exact: true });
  const dialog = () => tab.page.getByRole("dialog");
  const opens = (name: string) => tab.page.getByRole("tab", { name }).click();

  beforeAll(async () => {
    demo = await Demo.start();
    browser = await launch();
    tab = await Tab.open(browser, demo);
    await demo.call("POST", "/api/v1/accounts", { account_id: lone, name: "Lone Star" });
    const key = await demo.accessKey(lone);
    await demo.call("POST", "/api/v1/credentials", { name: "Costs user", access_key_id: key.id, secret_access_key: key.secret });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    demo?.stop();
  });

  it("sees the price of a source before it is added", async () => {
    await tab.go("/sources");
    await sees("There is no source.");
    await press("Add source");
    await dialog().getByRole("radio", { name: /^A credential/ }).check();
    await sees("Choose with what it asks, and for what.");
    await dialog().getByRole("button", { name: /^Credential/ }).click();
    await tab.page.getByRole("option", { name: /Costs user/ }).click();
    await sees("3 requests, $0.03 or more");
    await sees("$0.05 a run, $0.05 a day, $1.55 a month");
    await box("Name").fill("Lone costs");
    await box("Budget of a run, in US dollars").fill("two cents");
    await sees("Write US dollars");
    await box("Budget of a run, in US dollars").fill("0.02");
    await sees("It stops at the budget of a run, $0.02");
    await tab.shot("source-add");
    expect(await demo.call("GET", "/api/v1/requests")).toMatchObject({ items: [] }); // the price was free
    await dialog().getByRole("button", { name: "Add source" }).click();
    await tab.page.getByRole("heading", { level: 1, name: "Lone costs" }).waitFor();
    id = ((await demo.call("GET", "/api/v1/sources")) as Listed<{ id: string }>).items[0]?.id ?? "";
  });

  it("is stopped by a budget before the request that would pass it, and told so", async () => {
    await press("Run now");
    await sees("It stops at the budget of a run, $0.02");
    await press(/^Run for \$0.03/);
    await sees("Partial");
    await sees(/1 of 3 streams were not answered: forecast/);
    await sees("Stopped by a budget");
    await sees("the next request would pass the source's budget for a run: 0.02 USD of 0.02 USD are spent, and it costs 0.01 USD");
    await tab.shot("source-partial");
    await opens("Paid requests");
    await sees("The last 30 days: $0.02 for 2 requests.");
    expect(((await demo.call("GET", "/api/v1/requests")) as Listed<unknown>).items).toHaveLength(2);
  });

  it("raises the budget, and pays for what is left alone", async () => {
    await press("Change");
    await box("Budget of a run, in US dollars").fill("0.05");
    await press("Save");
    await dialog().waitFor({ state: "detached" });
    await press("Price of a run now");
    await sees("1 request, $0.01");
    expect(await dialog().getByRole("row", { name: /GetCostAndUsage/ }).count()).toBe(0); // what was paid for is not asked again
    await tab.shot("source-price");
    await press("Close");
    await press("Run now");
    await press("Run for $0.01");
    await sees("Succeeded");
    await sees("The last 30 days: $0.03 for 3 requests.");
    await tab.page.getByRole("row", { name: /GetCostForecast.*Forecast.*Answered HTTP 200.*\$0\.01/ }).waitFor();
    await tab.shot("source-ledger");
    await press("Price of a run now");
    await sees("no request, $0.00");
    await sees("none: asked within six hours");
    await press("Close");
  });

  it("reads the data in all digits", async () => {
    const held = (await demo.call("GET", `/api/v1/sources/${id}/data/cost_monthly?limit=1000`)) as { columns: { name: string }[]; rows: string[][] };
    const amount = held.columns.findIndex((c) => c.name === "amount");
    await opens("Data");
    await sees("Costs by day");
    await press("Show more");
    await tab.page.getByRole("button", { name: /^Stream/ }).click();
    await tab.page.getByRole("option", { name: /^Costs by month/ }).click();
    await tab.page.getByRole("columnheader", { name: "LINKED_ACCOUNT" }).waitFor();
    expect(held.rows.length).toBeGreaterThan(10);
    for (const row of held.rows) await tab.page.getByRole("cell", { name: row[amount] ?? "", exact: true }).first().waitFor();
    await sees("yes: it may still change");
    await tab.page.getByRole("cell", { name: "no", exact: true }).first().waitFor();
    await tab.shot("source-data");
    await tab.page.getByRole("button", { name: /^From/ }).click();
    const last = held.rows.at(-1)?.[0]?.slice(0, 7) ?? "";
    await tab.page.getByRole("option", { name: last, exact: true }).click();
    await expect.poll(() => tab.page.getByRole("cell", { name: "no", exact: true }).count()).toBe(0);
  });

  it("holds closed months against the bill, and reopens one", async () => {
    await opens("Compared with the bill");
    await sees("No bill yet");
    await tab.shot("source-compared");
    await tab.page.getByRole("button", { name: /^Reopen / }).first().click();
    await press("Reopen and run");
    await sees("The run has ended");
    await sees("Succeeded");
  });

  it("pauses a source, and bounds what all of them may spend", async () => {
    await press("Pause");
    await sees("Paused");
    await tab.go("/requests");
    await sees("The whole workspace");
    await press("Change the budget of The whole workspace");
    await box("US dollars a day").fill("0.5");
    await press("Save");
    await sees(/of \$0\.50/);
    await tab.shot("requests");
    await tab.go("/sources");
    await sees("3 well");
    await tab.shot("sources");
  });

  it("has no barriers in either look, nor on a narrow screen", { timeout: 180_000 }, async () => {
    const pages = ["/sources", "/sources?add=true", "/requests", ...["streams", "data", "bill", "requests"].map((t) => `/sources/${id}?tab=${t}`)];
    const found: string[] = [];
    for (const look of [{}, { dark: true, width: 540 }]) {
      const other = await Tab.open(browser, demo, look);
      for (const path of pages) {
        await other.go(path);
        found.push(...(await other.barriers()).map((b) => `${path}: ${b}`));
        await other.shot(`source${path.replace(id, "").replaceAll(/[/?=]+/g, "-")}-${look.dark ? "dark-540" : "light"}`);
        expect(await other.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      }
      found.push(...other.troubles);
      await other.context.close();
    }
    expect(found).toEqual([]);
    expect(tab.troubles).toEqual([]);
  });

  it("deletes a source, and the ledger stays", async () => {
    await tab.go(`/sources/${id}`);
    await press("Delete");
    await dialog().getByRole("textbox").fill("Lone costs");
    await dialog().getByRole("button", { name: "Delete" }).click();
    await sees("There is no source.");
    await tab.go("/requests");
    await sees("one that was deleted");
    await sees(/The last 30 days: \$0\.0[3-9]/);
  });
});
