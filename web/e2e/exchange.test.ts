import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

const lone = "777788889999";
const bill = `lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UnblendedCost,lineItem/CurrencyCode,lineItem/ProductCode,bill/BillingPeriodStartDate
${lone},Usage,2026-05-03T00:00:00Z,0.5,USD,AmazonS3,2026-05-01T00:00:00Z
${lone},Usage,2026-05-04T00:00:00Z,2.0000000001,USD,AmazonEC2,2026-05-01T00:00:00Z
`;

describe.skipIf(lack !== "")("a person lets data in and out", { timeout: 120_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let tab: Tab;
  let folder: string;
  const press = (name: string | RegExp) => tab.page.getByRole("button", { name, exact: typeof name === "string" }).first().click();
  const sees = (text: string | RegExp) => tab.page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 20_000 });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "bursar-exchange-"));
    demo = await Demo.start(join(folder, "data"));
    browser = await launch();
    tab = await Tab.open(browser, demo);
    await demo.call("POST", "/api/v1/accounts", { account_id: lone, name: "Lone Star" });
    writeFileSync(join(folder, "may.csv"), bill);
    demo.run("bill", "import", "--account", lone, join(folder, "may.csv"));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    demo?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("stores an access key, and is told what is wrong with one", async () => {
    const key = await demo.accessKey(lone);
    await tab.go("/credentials");
    await sees("There is no credential");
    await press("Add credential");
    await tab.page.getByRole("radio", { name: /An access key/ }).check();
    await tab.page.getByRole("textbox", { name: "Name", exact: true }).fill("Costs user");
    await tab.page.getByRole("textbox", { name: "The key" }).fill("export AWS_ACCESS_KEY_ID=ASIAEXAMPLE000000000\nexport AWS_SECRET_ACCESS_KEY=" + "x".repeat(40));
    await tab.page.getByRole("dialog").getByRole("button", { name: "Add credential" }).click();
    await sees(/session token/i);
    await tab.shot("credential-add-wrong");
    await tab.page.getByRole("textbox", { name: "The key" }).fill(`[default]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`);
    await tab.page.getByRole("dialog").getByRole("button", { name: "Add credential" }).click();
    await tab.page.getByRole("heading", { level: 1, name: "Costs user" }).waitFor();
    expect(await tab.page.content()).not.toContain(key.secret);
    expect(await tab.page.content()).toContain(key.id.slice(-4));
    expect(await tab.page.content()).not.toContain(key.id);
  });

  it("sees action by action what the key may do, for free", async () => {
    await press("Check for free");
    await tab.page.getByRole("row", { name: /ce:GetCostAndUsage\b/ }).waitFor();
    await sees("Nothing was paid for.");
    await sees(/much more|too much|administrator/i);
    await tab.shot("credential-checked");
    await press(/Try the rest/);
    await sees("Try each action once?");
    await press("Leave it");
  });

  it("rotates the key, and lists it as a tile", async () => {
    const key = await demo.accessKey(lone);
    await press("Rotate the key");
    await tab.page.getByRole("radio", { name: "Field by field" }).or(tab.page.getByRole("button", { name: "Field by field" })).first().click();
    await tab.page.getByRole("textbox", { name: "Access key id" }).fill(key.id);
    await tab.page.getByLabel("Secret access key").fill(key.secret);
    await press("Rotate");
    await sees(/^2, stored/);
    await tab.go("/credentials");
    await sees("An access key ending in " + key.id.slice(-4));
    await tab.shot("credentials");
  });

  it("delivers the bill to a folder, after a check", async () => {
    await tab.go("/destinations");
    await press("Add destination");
    await tab.page.getByRole("radio", { name: /Files of the server/ }).check();
    await tab.page.getByRole("textbox", { name: "Name", exact: true }).fill("For the warehouse");
    await tab.page.getByRole("textbox", { name: "Folder" }).fill("warehouse");
    await tab.shot("destination-add");
    await tab.page.getByRole("dialog").getByRole("button", { name: "Add destination" }).click();
    await tab.page.getByRole("heading", { level: 1, name: "For the warehouse" }).waitFor();
    await press("Check");
    await sees("Usable");
    await press("Deliver now");
    await sees("2.5000000001 USD");
    await tab.shot("destination-delivered");
    await press("Deliver now"); // nothing has changed: nothing is delivered again
    await sees("Succeeded");
    await expect.poll(() => tab.page.getByRole("cell", { name: "2.5000000001 USD" }).count()).toBe(1);
  });

  it("is told why a webhook in the private network is refused", async () => {
    await tab.go("/destinations?add=true");
    await tab.page.getByRole("radio", { name: /Webhook/ }).check();
    await tab.page.getByRole("textbox", { name: "Name", exact: true }).fill("My program");
    await tab.page.getByRole("textbox", { name: "Address" }).fill("http://169.254.169.254/latest/meta-data");
    await tab.page.getByRole("dialog").getByRole("button", { name: "Add destination" }).click();
    await tab.page.getByText("It is shown this once").or(tab.page.getByText(/link-local|private|https/i)).first().waitFor();
    await tab.shot("destination-webhook");
  });

  it("has no barriers in either look, nor on a narrow screen", { timeout: 120_000 }, async () => {
    const pages = ["/credentials", "/credentials?add=role", "/destinations", "/destinations?add=true"];
    const { items } = (await demo.call("GET", "/api/v1/credentials")) as { items: { id: string }[] };
    const all = (await demo.call("GET", "/api/v1/destinations")) as { items: { id: string }[] };
    pages.push(`/credentials/${items[0]?.id}`, `/destinations/${all.items.at(0)?.id}`);
    const found: string[] = [];
    for (const look of [{}, { dark: true, width: 540 }]) {
      const other = await Tab.open(browser, demo, look);
      for (const path of pages) {
        await other.go(path);
        found.push(...(await other.barriers()).map((b) => `${path}: ${b}`));
        await other.shot(`exchange${path.replaceAll(/[/?=]/g, "-")}-${look.dark ? "dark-540" : "light"}`);
        expect(await other.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      }
      found.push(...other.troubles);
      await other.context.close();
    }
    expect(found).toEqual([]);
    expect(tab.troubles).toEqual([]);
  });
});
