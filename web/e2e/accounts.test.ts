import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

const payer = "111122223333";
const many = 10_000;

interface Answer {
  items: { id: string; state?: string; period?: string; name?: string }[];
  total?: number;
}

describe.skipIf(lack !== "")("accounts in the console", { timeout: 120_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    demo = await Demo.start();
    for (let at = 0; at < many; at += 5_000) {
      const accounts = Array.from({ length: 5_000 }, (_, i) => ({ account_id: String(500_000_000_000 + at + i), name: `team ${String(at + i).padStart(5, "0")}`, method: (at + i) % 100 === 0 ? "terraform" : "console" }));
      await demo.call("POST", "/api/v1/accounts:bulk", { accounts });
    }
    browser = await launch();
    tab = await Tab.open(browser, demo);
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    demo.stop();
  });

  const filter = async (text: string) => {
    const input = tab.page.getByRole("combobox", { name: "Find accounts" });
    await input.fill(text);
    await input.press("Enter");
  };

  it("finds, sorts and turns pages at the server, and keeps all of it in the address", async () => {
    await tab.go("/accounts");
    await tab.page.getByText("(10,000)").first().waitFor();
    await filter("team 0419");
    await tab.page.getByText("10 found").first().waitFor();
    await tab.page.getByRole("link", { name: "team 04190" }).waitFor();
    expect(tab.page.url()).toContain("q=team+0419");
    await tab.page.reload();
    await tab.page.getByText("10 found").first().waitFor();
    await tab.shot("accounts-filter");
    await tab.go("/accounts?method=terraform&sort=-name");
    await tab.page.getByText("100 found").first().waitFor();
    await tab.page.getByRole("link", { name: "team 09900" }).waitFor();
    await tab.page.getByRole("button", { name: "Next page" }).click();
    await tab.page.getByRole("link", { name: "team 04900" }).waitFor();
    await tab.page.reload();
    await tab.page.getByRole("link", { name: "team 04900" }).waitFor();
  });

  it("downloads what the filter finds as CSV", async () => {
    await tab.go("/accounts?method=terraform");
    const [file] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("button", { name: "Download CSV" }).click()]);
    const stream = await file.createReadStream();
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    expect(text.split("\r\n")).toHaveLength(102); // the columns, 100 accounts, and the end
    expect(text).toContain("500000000100,team 00100,aws");
  });

  it("keeps the chosen columns in the browser", async () => {
    await tab.go("/accounts");
    await tab.page.getByRole("button", { name: "Columns" }).click();
    await tab.page.getByRole("checkbox", { name: "Method" }).click();
    await tab.page.getByRole("button", { name: "Use", exact: true }).click();
    await tab.page.getByRole("columnheader", { name: "Method" }).waitFor();
    await tab.page.reload();
    await tab.page.getByRole("columnheader", { name: "Method" }).waitFor();
  });

  it("hears of an account that somebody else registers", async () => {
    await tab.go("/accounts?q=latecomer");
    await tab.page.getByText("No account fits the filter").waitFor();
    await demo.call("POST", "/api/v1/accounts", { account_id: "600000000001", name: "latecomer" });
    await tab.page.getByRole("link", { name: "latecomer" }).waitFor({ timeout: 5_000 });
  });

  it("renames an account, and deregisters it after its name was typed", async () => {
    await tab.go("/accounts/600000000001");
    await tab.page.getByRole("button", { name: "Rename" }).click();
    await tab.page.getByRole("textbox", { name: "Name" }).fill("team 00001");
    await tab.page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await tab.page.getByText("belongs to account 500000000001").first().waitFor();
    await tab.page.getByRole("textbox", { name: "Name" }).fill("newcomer");
    await tab.page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await tab.page.getByRole("heading", { name: "newcomer" }).waitFor();
    await tab.page.getByRole("button", { name: "Deregister" }).click();
    await tab.page.getByText("This goes").waitFor();
    await tab.shot("account-deregister");
    const does = tab.page.getByRole("dialog").getByRole("button", { name: "Deregister" });
    expect(await does.isDisabled()).toBe(true);
    await tab.page.getByLabel(/To confirm, type/).fill("newcomer");
    await does.click();
    await tab.page.waitForURL(/\/accounts$/);
    const left = (await demo.call("GET", "/api/v1/accounts?q=newcomer&count=true")) as Answer;
    expect(left.total).toBe(0);
  });

  it("meets no barrier, no error and no foreign request", async () => {
    const found: string[] = [];
    for (const options of [{ dark: false, width: 1300 }, { dark: true, width: 540 }]) {
      const other = await Tab.open(browser, demo, options);
      for (const p of ["/accounts?q=team%2001", "/accounts?view=tree", "/accounts?view=unregistered", "/accounts/500000000001", "/accounts/500000000001?tab=access"]) {
        await other.go(p);
        found.push(...(await other.barriers()).map((b) => `${p}: ${b}`));
        await other.shot(`a${p.replaceAll(/\W+/g, "-")}-${options.dark ? "dark" : "light"}`);
      }
      expect(other.troubles).toEqual([]);
      await other.context.close();
    }
    expect(found).toEqual([]);
    expect(tab.troubles).toEqual([]);
  });
});

describe.skipIf(lack !== "")("an account with a bill", { timeout: 180_000 }, () => {
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

  const createStack = async () => {
    const [aws] = await Promise.all([tab.context.waitForEvent("page"), tab.page.getByRole("link", { name: /Open AWS create stack page/ }).first().click()]);
    await aws.getByLabel("Signed in to").selectOption(payer);
    await aws.getByRole("button", { name: "Switch" }).click();
    await aws.getByRole("checkbox").check();
    await aws.getByRole("button", { name: "Create stack" }).click();
    await aws.getByText("CREATE_COMPLETE").first().waitFor();
    await aws.close();
  };
  const runs = async (kind: string, begin: string) => {
    const run = (await demo.call("POST", begin)) as { id: string };
    await expect.poll(async () => ((await demo.call("GET", `/api/v1/runs/${run.id}`)) as { state: string }).state, { timeout: 60_000 }).toBe("succeeded");
    return kind + run.id;
  };
  const deliveries = async () => ((await demo.call("GET", "/api/v1/deliveries?limit=200")) as Answer).items;

  it("sees versions of a month, what changed, and rolls back", async () => {
    await demo.call("POST", "/api/v1/accounts", { account_id: payer, name: "Example Corp" });
    await tab.go(`/accounts/${payer}/register`);
    await createStack();
    await runs("check ", `/api/v1/accounts/${payer}/check`);
    await tab.go(`/accounts/${payer}/register`);
    await createStack();
    await runs("check ", `/api/v1/accounts/${payer}/check`);
    await demo.advance("36h");
    await runs("import ", `/api/v1/accounts/${payer}/import`);
    await demo.advance("24h");
    await runs("import ", `/api/v1/accounts/${payer}/import`);
    await expect.poll(async () => (await deliveries()).some((d) => d.state === "superseded"), { timeout: 60_000 }).toBe(true);
    const old = (await deliveries()).find((d) => d.state === "superseded");
    await tab.go("/deliveries");
    await tab.page.getByText("Superseded").first().waitFor();
    await tab.shot("deliveries");
    await tab.go(`/deliveries/${old?.id}`);
    await tab.page.getByRole("button", { name: "Roll back to this version" }).click();
    await tab.page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await expect.poll(async () => (await deliveries()).find((d) => d.id === old?.id)?.state).toBe("published");
    await tab.page.getByText("Published").first().waitFor();
    await tab.shot("delivery");
    await tab.page.getByRole("button", { name: "Import this month again" }).click();
    await tab.page.waitForURL(/\/runs\/run_/);
    await tab.page.getByText("Succeeded").first().waitFor({ timeout: 60_000 });
    await tab.shot("run");
  });

  it("shows the account whole, with nothing in the way", async () => {
    const found: string[] = [];
    for (const options of [{ dark: false, width: 1300 }, { dark: true, width: 540 }]) {
      const other = await Tab.open(browser, demo, options);
      const [first] = await deliveries();
      for (const p of [`/accounts/${payer}`, `/accounts/${payer}?tab=access`, `/accounts/${payer}?tab=bills`, `/accounts/${payer}?tab=members`, `/accounts/${payer}?tab=events`, `/accounts/${payer}?tab=runs`, "/accounts?view=unregistered", "/deliveries", `/deliveries/${first?.id}`, "/runs", "/workspaces", "/profile"]) {
        await other.go(p);
        found.push(...(await other.barriers()).map((b) => `${p}: ${b}`));
        await other.shot(`b${p.replaceAll(/\W+/g, "-").replace(/dlv_\w+/, "dlv")}-${options.dark ? "dark" : "light"}`);
      }
      expect(other.troubles).toEqual([]);
      await other.context.close();
    }
    expect(found).toEqual([]);
    expect(tab.troubles).toEqual([]);
  });
});
