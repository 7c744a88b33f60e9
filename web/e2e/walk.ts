import { expect } from "vitest";
import type { Browser, Page } from "playwright-core";
import { type Demo, Tab } from "./demo";

// The accounts of the demo's world.
export const payer = "111122223333";
export const linked = "222233334444";
export const standalone = "777788889999";
export const careless = "888899990000";

// Walk is a person who registers accounts: bursar's wizard in one tab, AWS's pages in others.
export class Walk {
  barriers: string[] = [];
  private before: string[] = []; // the troubles of tabs that were closed

  private constructor(private tab: Tab) {}

  static async begin(browser: Browser, demo: Demo): Promise<Walk> {
    return new Walk(await Tab.open(browser, demo));
  }

  // reopen closes the browser's window with everything in it, and opens another.
  async reopen(browser: Browser) {
    const { demo } = this.tab;
    this.before = this.troubles();
    await this.tab.context.close();
    this.tab = await Tab.open(browser, demo);
  }

  troubles(): string[] {
    return [...this.before, ...this.tab.troubles];
  }

  get page(): Page {
    return this.tab.page;
  }

  async go(path: string) {
    await this.page.goto(this.tab.demo.server + path);
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
  }

  async press(name: string | RegExp) {
    await this.page.getByRole("button", { name, exact: typeof name === "string" }).first().click();
  }

  // sees waits for a text, anywhere on the page.
  async sees(text: string | RegExp) {
    try {
      await this.page.getByText(text).first().waitFor({ timeout: 30_000 });
    } catch (e) {
      await this.tab.shot("failure"); // what was there instead
      throw e;
    }
  }

  // at waits until the wizard is at a step.
  async at(title: string) {
    await this.page.getByRole("heading", { level: 1, name: title }).waitFor();
  }

  // register fills in the first two steps.
  async register(account: string, name: string, method = "AWS console (CloudFormation)", arn = "") {
    await this.go("/accounts/register");
    await this.page.getByRole("radio", { name: method }).check();
    await this.press("Next");
    await this.page.getByLabel("AWS account id").fill(account);
    await this.page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
    if (arn) await this.page.getByLabel("Role ARN").fill(arn);
    await this.press("Register");
    await this.at("API access");
  }

  // check presses a button that looks at AWS, and waits for the end of the look.
  async check(name = "Check and confirm") {
    const button = this.page.getByRole("button", { name, exact: true }).first();
    await button.click();
    await expect.poll(() => button.getAttribute("aria-disabled"), { timeout: 60_000, interval: 50 }).not.toBe("true");
  }

  // aws opens a page of AWS in its own tab, signed in to an account.
  async aws(link: string | RegExp, account: string, nth = 0): Promise<Page> {
    const [page] = await Promise.all([this.tab.context.waitForEvent("page"), this.page.getByRole("link", { name: link }).nth(nth).click()]);
    this.tab.listen(page);
    await page.getByLabel("Signed in to").selectOption(account);
    await page.getByRole("button", { name: "Switch" }).click();
    await page.getByText(`In account`).getByText(account).waitFor();
    return page;
  }

  // createStack does what a person does on AWS's create-stack page.
  async createStack(account: string, nth = 0) {
    const page = await this.aws(/Open AWS create stack page/, account, nth);
    const acknowledge = page.getByRole("checkbox");
    if ((await acknowledge.count()) > 0) await acknowledge.check(); // a bucket alone needs none
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByText("CREATE_COMPLETE").first().waitFor();
    await page.close();
  }

  // choose picks an entry of a drop-down list.
  async choose(list: RegExp, entry: string) {
    await this.page.getByRole("button", { name: list }).click();
    await this.page.getByRole("option", { name: entry, exact: true }).click();
  }

  // console opens a page of AWS that no link leads to.
  private async console(path: string, account: string): Promise<Page> {
    const page = await this.tab.context.newPage();
    this.tab.listen(page);
    await page.goto(`${this.tab.demo.aws}/console/${path}`);
    await page.getByLabel("Signed in to").selectOption(account);
    await page.getByRole("button", { name: "Switch" }).click();
    await page.locator("header option[selected]", { hasText: account }).waitFor({ state: "attached" });
    return page;
  }

  // inTheWay makes a role of a name in an account, so that a stack cannot make it; outOfTheWay takes it away.
  async inTheWay(account: string, role: string) {
    await this.createRole(account, `iam/home/roles/create?awsAccount=999900001111&externalId=other&roleName=${role}&path=/bursar/`);
  }

  // createRole walks through AWS's create-role page, filled in by its address.
  async createRole(account: string, path: string) {
    await this.finishRole(await this.console(path, account), account);
  }

  async finishRole(page: Page, account: string) {
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Create role" }).click();
    await page.getByRole("row", { name: `arn:aws:iam::${account}:role` }).first().waitFor();
    await page.close();
  }

  async outOfTheWay(account: string, role: string) {
    const page = await this.console("iam/home/roles", account);
    await page.getByRole("button", { name: `Delete ${role}` }).click();
    await page.getByText("No roles.").waitFor();
    await page.close();
  }

  // createStackSet copies the values from bursar's page into AWS's, step by step.
  async createStackSet(account: string) {
    const shown = (label: string) => this.page.getByRole("button", { name: `Copy ${label}`, exact: true }).first().locator("xpath=ancestor::*[normalize-space()][1]").innerText();
    const values: Record<string, string> = {};
    for (const key of ["ExternalId", "Principal", "PrincipalArn", "RoleName"]) values[key] = (await shown(key)).trim();
    const url = (await shown("template URL")).trim();
    const name = (await shown("StackSet name")).trim();
    const page = await this.aws("Open AWS create StackSet page", account);
    await page.getByRole("textbox", { name: "Amazon S3 URL" }).fill(url);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByLabel("StackSet name").fill(name);
    for (const [key, value] of Object.entries(values)) await page.locator(`[name="param_${key}"]`).fill(value);
    await this.pictures(page, "aws-create-stackset");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Submit" }).click();
    await page.getByRole("heading", { name }).waitFor();
    await this.pictures(page, "aws-stacksets");
    await page.close();
  }

  // redeploy tries an account of a StackSet again.
  async redeploy(payer: string, member: string) {
    const page = await this.console("cloudformation/home/stacksets", payer);
    await page.getByRole("button", { name: `Redeploy to ${member}` }).click();
    await expect.poll(() => page.getByRole("button", { name: `Redeploy to ${member}` }).count()).toBe(0);
    await page.close();
  }

  // pictures keeps how a page of AWS looks.
  async pictures(page: Page, name: string) {
    await this.tab.picture(page, name);
  }

  // shows takes a picture of the page in both themes and widths, and looks for barriers in each.
  async shows(name: string) {
    await this.settle();
    await this.tab.shot(`register-${name}-light`);
    this.barriers.push(...(await this.tab.barriers()).map((b) => `${name}, light: ${b}`));
    await this.theme(true);
    await this.tab.shot(`register-${name}-dark-540`);
    this.barriers.push(...(await this.tab.barriers()).map((b) => `${name}, dark, narrow: ${b}`));
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) this.barriers.push(`${name}: ${wide} px wider than the window`);
    await this.theme(false);
  }

  // settle waits until the pictures and letters of the page are there.
  private async settle() {
    await this.page.evaluate(() => document.fonts.ready.then(() => undefined));
  }

  private async theme(dark: boolean) {
    await this.page.setViewportSize({ width: dark ? 540 : 1300, height: 1000 });
    await this.page.evaluate((on) => document.body.classList.toggle("awsui-dark-mode", on), dark);
  }
}
