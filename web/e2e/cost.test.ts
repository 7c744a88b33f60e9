import { readFileSync } from "node:fs";
import type { Browser, Download } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sum, trimmed } from "../src/part/format";
import { Demo, launch, missing, Tab } from "./demo";

const lack = missing();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`browser tests are left out: ${lack}`);

const payer = "111122223333";

interface Totals {
  totals: { amount: string; currency: string }[];
  count?: number;
}

describe.skipIf(lack !== "")("a person reads the bill", { timeout: 120_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let tab: Tab;

  // createStack does what a person does on AWS's page; check presses Check and confirm, and waits for its end.
  const createStack = async () => {
    const [aws] = await Promise.all([tab.context.waitForEvent("page"), tab.page.getByRole("link", { name: /Open AWS create stack page/ }).click()]);
    tab.listen(aws);
    await aws.getByLabel("Signed in to").selectOption(payer);
    await aws.getByRole("button", { name: "Switch" }).click();
    await aws.getByRole("checkbox").check();
    await aws.getByRole("button", { name: "Create stack" }).click();
    await aws.getByText("CREATE_COMPLETE").first().waitFor();
    await aws.close();
  };
  const check = async () => {
    const { id } = (await demo.call("POST", `/api/v1/accounts/${payer}/check`)) as { id: string };
    await expect.poll(async () => ((await demo.call("GET", `/api/v1/runs/${id}`)) as { state: string }).state, { timeout: 60_000 }).toMatch(/succeeded|failed/);
  };
  const total = async (query: string) => ((await demo.call("GET", `/api/v1/costs?granularity=total&${query}`)) as Totals).totals[0]?.amount ?? "";
  const read = async (d: Download) => readFileSync(await d.path());
  const address = () => new URL(tab.page.url());
  const drawn = async () => {
    await tab.page.locator('[data-state="drawn"]').waitFor();
    await tab.page.getByRole("button", { name: /line items of/ }).first().waitFor();
  };

  beforeAll(async () => {
    demo = await Demo.start();
    browser = await launch();
    tab = await Tab.open(browser, demo);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    demo?.stop();
  });

  it("has six months of bills", { timeout: 200_000 }, async () => {
    await demo.call("POST", "/api/v1/accounts", { account_id: payer, name: "Example Corp" });
    for (const _ of ["access", "export"]) {
      await tab.go(`/accounts/${payer}/register`);
      await createStack();
      await check();
    }
    await demo.advance("36h");
    await expect.poll(async () => ((await demo.call("GET", "/api/v1/deliveries")) as { items: { state: string }[] }).items.filter((d) => d.state === "published").length, { timeout: 90_000 }).toBe(6);
  });

  it("sees on the home page what the month costs, and will", async () => {
    await tab.go("/");
    const forecast = (await demo.call("GET", "/api/v1/costs/forecast")) as { period: string; currencies: { to_date: string; expected?: string; lacking?: string }[] };
    await tab.page.getByText(`Cost of ${forecast.period}`).waitFor();
    const c = forecast.currencies[0];
    await tab.page.locator(`[data-exact="${c?.to_date} USD"]`).first().waitFor();
    if (c?.expected) await tab.page.locator(`[data-exact="${c.expected} USD"]`).first().waitFor();
    else await tab.page.getByText(c?.lacking ?? "?").waitFor();
    await tab.page.getByText("Newest delivery").waitFor();
    await tab.shot("home-cost");
  });

  it("reads costs by service, with every digit under the pointer and under the focus", async () => {
    await tab.go("/costs");
    await drawn();
    const exact = `${await total("")} USD`;
    const shown = tab.page.locator(`[data-exact="${exact}"]`).first();
    await shown.hover();
    await tab.page.getByText(exact, { exact: true }).waitFor();
    await tab.page.mouse.move(0, 0);
    await shown.focus();
    await tab.page.getByText(exact, { exact: true }).waitFor();
    await tab.shot("costs-by-service");
  });

  it("filters with suggested values, and finds the question in the address", async () => {
    await tab.page.getByLabel("Filter the costs").click();
    await tab.page.keyboard.type("Service = ");
    await tab.page.getByRole("option", { name: "Service = AmazonEC2" }).click();
    await expect.poll(() => address().searchParams.getAll("filter")).toEqual(["service is AmazonEC2"]);
    await tab.page.locator(`[data-exact="${await total("filter=service+is+AmazonEC2")} USD"]`).first().waitFor();
    await tab.shot("costs-filtered");
    await tab.page.goBack();
    await expect.poll(() => address().searchParams.getAll("filter")).toEqual([]);
  });

  it("groups by two, compares with the time before, and sums the rest", async () => {
    await tab.go("/costs?group_by=account,service&granularity=daily&top=5&compare=previous");
    await drawn();
    await tab.page.getByRole("columnheader", { name: "Before" }).waitFor();
    await tab.page.getByText(/^\d+ others/).first().waitFor();
    await tab.shot("costs-compared");
    await tab.page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => address().searchParams.get("top")).toBe("0");
  });

  it("drills down to the line items, whose sum is what was followed", async () => {
    await tab.go("/costs");
    await drawn();
    await tab.page.getByRole("link", { name: "AmazonEC2", exact: true }).click();
    await expect.poll(() => address().searchParams.get("group_by")).toBe("usage_type");
    await tab.page.getByRole("columnheader", { name: "Usage type" }).waitFor();
    await drawn();
    const amount = tab.page.getByRole("button", { name: /line items of .*, \d{4}-\d{2}$/ }).first();
    const exact = await amount.getAttribute("data-exact");
    await amount.click();
    await tab.page.getByRole("heading", { level: 1, name: "Line items" }).waitFor();
    await tab.page.locator(`[data-exact="${exact}"]`).first().waitFor();
    await tab.page.getByRole("columnheader", { name: "Description" }).waitFor();
    await tab.shot("cost-items");
  });

  it("exports the line items: they add up to the digit", async () => {
    const query = address().searchParams.toString();
    const items = (await demo.call("GET", `/api/v1/costs/items?${query}`)) as Totals;
    await tab.page.getByRole("button", { name: "Export", exact: true }).click();
    const [file] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("menuitem", { name: "JSON lines" }).click()]);
    const rows = (await read(file)).toString().trim().split("\n").map((l) => JSON.parse(l) as { unblended: string });
    expect(rows.length).toBe(items.count);
    expect(trimmed(sum(rows.map((r) => r.unblended)))).toBe(items.totals[0]?.amount);
  });

  it("exports costs as CSV and Parquet: they add up too", async () => {
    await tab.go("/costs?group_by=service,region");
    await drawn();
    const fetchAs = async (name: string) => {
      await tab.page.getByRole("button", { name: "Export", exact: true }).click();
      const [file] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("menuitem", { name }).click()]);
      return read(file);
    };
    const [header = "", ...rows] = (await fetchAs("CSV")).toString().trim().split("\n");
    const at = header.split(",").indexOf("unblended") - header.split(",").length; // a name may hold a comma
    expect(trimmed(sum(rows.map((r) => r.split(",").at(at) ?? "")))).toBe(await total(""));
    expect((await fetchAs("Parquet")).subarray(0, 4).toString()).toBe("PAR1");
  });

  it("shares a question by its address", async () => {
    const question = "/costs?group_by=service&granularity=daily&metric=amortized&filter=region+exists&chart=line";
    const other = await Tab.open(browser, demo);
    await other.go(question);
    await other.page.locator(`[data-exact="${await total("metric=amortized&filter=region+exists")} USD"]`).first().waitFor();
    await other.shot("costs-lines");
    expect(other.troubles).toEqual([]);
    await other.context.close();
  });

  it("asks in SQL: views, a chart, an export, and the place of a mistake", async () => {
    await tab.go("/sql");
    await tab.page.getByRole("button", { name: "costs_daily" }).first().click();
    await tab.page.getByRole("button", { name: "Run" }).click();
    await tab.page.getByText("AmazonEC2").first().waitFor();
    await tab.shot("sql-table");
    await tab.page.getByRole("button", { name: "Chart", exact: true }).click();
    await tab.page.getByLabel(/amount of the answer/).first().waitFor();
    expect(address().searchParams.get("show")).toBe("chart");
    await tab.shot("sql-chart");
    await tab.page.getByRole("button", { name: "Export", exact: true }).click();
    const [file] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("menuitem", { name: "CSV" }).click()]);
    expect((await read(file)).toString()).toContain("month,service,amount\n");
    await tab.page.getByLabel("Statement", { exact: true }).fill("SELECT service,\n  colour FROM costs_daily");
    await tab.page.keyboard.press("Control+Enter");
    await tab.page.getByText(/^Line 2, column 3: .*"colour" not found/).waitFor();
    await tab.shot("sql-mistake");
    await tab.go(address().pathname + address().search);
    expect(await tab.page.getByLabel("Statement", { exact: true }).inputValue()).toContain("colour");
  });

  it("loads little before the first page is there", async () => {
    const other = await Tab.open(browser, demo);
    await other.go("/");
    await other.page.getByText("Newest delivery").waitFor();
    const bytes = await other.page.evaluate(() =>
      performance.getEntriesByType("resource").filter((e) => e.name.endsWith(".js")).reduce((n, e) => n + (e as PerformanceResourceTiming).encodedBodySize, 0),
    );
    console.log(`JavaScript of the first page: ${Math.round(bytes / 1024)} KB gzipped`);
    expect(bytes).toBeGreaterThan(50 * 1024);
    expect(bytes).toBeLessThan(450 * 1024);
    await other.context.close();
  });

  it("meets no error, no foreign request and no refusal of the page's policy", () => {
    expect(tab.troubles).toEqual([]);
  });

  const places = ["/", "/costs", "/costs?group_by=account,service&granularity=daily&compare=previous&chart=line&filter=region+exists", "/costs?filter=service+was+x", "/costs/items", "/sql?show=chart"];
  it.each([
    ["light, wide", { dark: false, width: 1300 }],
    ["dark, wide", { dark: true, width: 1300 }],
    ["light, narrow", { dark: false, width: 540 }],
    ["dark, narrow", { dark: true, width: 540 }],
  ])("meets no barrier: %s", async (_name, options) => {
    const other = await Tab.open(browser, demo, options);
    const found: string[] = [];
    for (const p of places) {
      await other.go(p);
      found.push(...(await other.barriers()).map((b) => `${p}: ${b}`));
      await other.shot(`cost${p.replaceAll(/\W+/g, "-")}-${options.dark ? "dark" : "light"}-${options.width}`);
    }
    expect(found).toEqual([]);
    expect(other.troubles).toEqual([]);
    await other.context.close();
  });
});
