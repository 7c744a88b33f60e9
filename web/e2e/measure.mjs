// measure.mjs SERVER TOKEN MONTH times what a person waits for in the console, in a real browser, and prints milliseconds as JSON. `make bench` runs it.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const [server, token, month] = process.argv.slice(2);
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((b) => b && existsSync(b));
if (!executablePath) throw new Error("no Chromium: install it, or name it in CHROMIUM");

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });

// open makes a browser that has nothing of the console yet, signed in.
async function open() {
  const context = await browser.newContext({ viewport: { width: 1300, height: 1000 } });
  await context.addInitScript((key) => sessionStorage.setItem("bursar.key", key), token);
  context.setDefaultTimeout(120_000);
  return context.newPage();
}

// first is from the address to a page that answers: its heading is there, and the browser has time again.
async function first() {
  const page = await open();
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector("h1")) requestAnimationFrame(() => setTimeout(() => (window.interactive = performance.now())));
      else requestAnimationFrame(look);
    };
    look();
  });
  await page.goto(server + "/");
  await page.waitForFunction(() => window.interactive > 0);
  const took = await page.evaluate(() => window.interactive);
  await page.context().close();
  return took;
}

// charts is from the click on another metric to the chart that is drawn of it. Each is asked for the first time.
async function charts() {
  const page = await open();
  await page.goto(`${server}/costs?granularity=daily&from=${month}-01&to=${month}-31`);
  const drawn = () => page.waitForFunction(() => document.querySelector('[data-state="drawn"] svg, [data-state="drawn"] [class*="chart"]'));
  await drawn();
  await page.evaluate(() => {
    const place = document.querySelector("[data-state]");
    let began = 0;
    document.addEventListener("mouseup", (e) => e.target.closest('[role="option"]') && (began = performance.now()), true);
    new MutationObserver(() => {
      if (place.dataset.state !== "drawn" || began === 0) return;
      const at = began;
      began = 0;
      requestAnimationFrame(() => setTimeout(() => (window.took = performance.now() - at)));
    }).observe(place, { attributes: true, attributeFilter: ["data-state"] });
  });
  const all = [];
  for (const metric of ["Amortized", "Net unblended", "Blended", "List price", "Net amortized"]) {
    await page.evaluate(() => (window.took = 0));
    await page.getByRole("button", { name: /^Metric / }).click();
    await page.getByRole("option", { name: new RegExp(`^${metric}`) }).first().click();
    await page.waitForFunction(() => window.took > 0);
    all.push(await page.evaluate(() => window.took));
    await drawn();
  }
  await page.context().close();
  return all;
}

const patience = 20_000;

// filter is from Enter to the accounts that are left; one that takes longer than anybody waits counts as just that.
async function filter() {
  const page = await open();
  await page.goto(`${server}/accounts`);
  const many = () => document.querySelectorAll("tbody tr").length > 10;
  await page.waitForFunction(many);
  const all = [];
  for (const name of ["team 04242", "team 00017", "team 09876"]) {
    const box = page.getByRole("combobox", { name: "Find accounts" });
    await box.click();
    await page.evaluate((text) => {
      window.took = 0;
      const entered = (e) => {
        if (e.key !== "Enter") return;
        document.removeEventListener("keydown", entered, true);
        const at = performance.now();
        const look = () => {
          const rows = document.querySelectorAll("tbody tr");
          if (rows.length === 1 && rows[0].textContent.includes(text)) setTimeout(() => (window.took = performance.now() - at));
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      };
      document.addEventListener("keydown", entered, true);
    }, name);
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    const done = await page.waitForFunction(() => window.took > 0, undefined, { timeout: patience }).catch(() => null);
    all.push(done ? await page.evaluate(() => window.took) : patience);
    if (!done) break; // the figure says that it is not met by far
    await page.getByRole("button", { name: "Clear filters" }).first().click();
    await page.waitForFunction(many);
  }
  await page.context().close();
  return all;
}

const firsts = [];
for (let i = 0; i < 5; i++) firsts.push(await first());
const out = { first: firsts, chart: await charts(), filter: await filter() };
await browser.close();
console.log(JSON.stringify(out));
