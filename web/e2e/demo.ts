import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import axe from "axe-core";

const binary = new URL("../../bin/bursar", import.meta.url).pathname;
const shots = new URL("../../e2e/artifacts/", import.meta.url).pathname;
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const executable = browsers.find((b) => b && existsSync(b));

// missing says what the tests lack on this machine; "" = nothing. Where CI is set they fail instead of being left out.
export function missing(): string {
  if (!executable) return "no Chromium: install it, or name it in CHROMIUM";
  if (!existsSync(binary)) return "no bin/bursar: make build";
  return "";
}

// Demo is the real program beside the simulated AWS, as `bursar demo` starts it.
export class Demo {
  private constructor(
    private process: ChildProcess,
    readonly server: string,
    readonly aws: string,
    readonly token: string,
    private data: string,
  ) {}

  // start keeps what the program keeps in a folder, where one is given.
  static async start(data = ""): Promise<Demo> {
    const child = spawn(binary, data ? ["demo", "--data", data] : ["demo"], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.includes("Ctrl-C stops everything")) break;
    }
    const find = (pattern: RegExp) => pattern.exec(text)?.[1] ?? "";
    return new Demo(child, find(/^ {2}bursar +(\S+)$/m), find(/^ {2}simulated AWS +(\S+)\/console\/$/m), find(/BURSAR_TOKEN=(\S+)/), data);
  }

  stop() {
    this.process.kill("SIGTERM");
  }

  // run does a command of the program against this server, and gives what it prints.
  run(...args: string[]): string {
    return execFileSync(binary, args, { env: { ...process.env, BURSAR_SERVER: this.server, BURSAR_TOKEN: this.token, BURSAR_DATA_DIR: this.data }, encoding: "utf8" });
  }

  // accessKey makes an access key of the administrator of an account.
  async accessKey(account: string): Promise<{ id: string; secret: string }> {
    const res = await fetch(`${this.aws}/_sandbox/credentials`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ account }) });
    const k = (await res.json()) as Record<string, string>;
    return { id: k.access_key_id ?? "", secret: k.secret_access_key ?? "" };
  }

  // advance lets time pass in the simulated AWS.
  async advance(by: string) {
    const res = await fetch(`${this.aws}/_sandbox/clock`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ advance: by }) });
    if (!res.ok) throw new Error(await res.text());
  }

  // call asks the API as a program would.
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const res = await fetch(this.server + path, { method, headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" }, body: body === undefined ? null : JSON.stringify(body) });
    if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${await res.text()}`);
    return res.status === 204 ? null : res.json();
  }
}

// Tab is a browser that is signed in, and remembers what went wrong in its pages.
export class Tab {
  readonly troubles: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly demo: Demo,
  ) {}

  static async open(browser: Browser, demo: Demo, options: { dark?: boolean; width?: number } = {}): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: options.width ?? 1300, height: 1000 }, colorScheme: options.dark ? "dark" : "light" });
    const tab = new Tab(context, await context.newPage(), demo);
    tab.page.setDefaultTimeout(20_000);
    tab.listen(tab.page);
    await tab.page.goto(demo.server + "/");
    await tab.page.getByLabel("API key").fill(demo.token);
    await tab.page.getByRole("button", { name: "Sign in with the key" }).click();
    await tab.page.getByLabel("API key").waitFor({ state: "detached" });
    return tab;
  }

  // listen keeps what a page complains about. A refusal by the server is an answer, which the page shows.
  listen(page: Page) {
    page.on("console", (m) => {
      if (["error", "warning"].includes(m.type()) && !m.text().startsWith("Failed to load resource")) this.troubles.push(m.text());
    });
    page.on("pageerror", (e) => this.troubles.push(e.message));
    page.on("request", (r) => {
      if (!r.url().startsWith(this.demo.server) && !r.url().startsWith(this.demo.aws) && !r.url().startsWith("blob:")) this.troubles.push(`a request to ${r.url()}`);
    });
  }

  async go(path: string) {
    await this.page.goto(this.demo.server + path);
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
    await this.settled();
  }

  // settled waits until the page says nowhere that it is still reading. The network is never silent: the console listens for changes.
  async settled() {
    const still = () => !/(Reading|Loading) [^\n]*…/.test(document.body.innerText);
    await this.page.waitForFunction(still, undefined, { timeout: 10_000 }).catch(() => undefined);
    await this.page.waitForTimeout(200);
    await this.page.waitForFunction(still, undefined, { timeout: 10_000 }).catch(() => undefined);
  }

  async shot(name: string) {
    await this.picture(this.page, name);
  }

  // picture keeps how any page looks.
  async picture(page: Page, name: string) {
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: `${shots}${name}.png`, fullPage: true });
  }

  // barriers lists what axe finds serious on the page. The orientation of the layout's toolbar is the component library's own.
  async barriers(): Promise<string[]> {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const found = await (window as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] });
      return found.violations.filter((v) => (v.impact === "serious" || v.impact === "critical") && !(v.id === "aria-allowed-attr" && v.nodes.every((n) => n.html.includes("aria-orientation")))).map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
    });
  }
}

export const launch = () =>
  chromium.launch({ executablePath: executable ?? "", args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] });
