import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Demo, launch, missing } from "./demo";
import { Applied, noTerraform } from "./terraform";
import { standalone, Walk } from "./walk";

const lack = missing() || noTerraform();
if (lack && process.env.CI) throw new Error(lack);
if (lack) console.log(`the walk by Terraform is left out: ${lack}`);

describe.skipIf(lack !== "")("a person registers by Terraform", { timeout: 180_000 }, () => {
  let demo: Demo;
  let browser: Browser;
  let walk: Walk;
  let applied: Applied;

  beforeAll(async () => {
    demo = await Demo.start();
    browser = await launch();
    walk = await Walk.begin(browser, demo);
    applied = await Applied.for(demo, standalone);
  }, 60_000);
  afterAll(async () => {
    applied.remove();
    await browser.close();
    demo.stop();
  });

  // main is the main.tf that a person downloads from the page.
  const main = async () => {
    const [file] = await Promise.all([walk.page.waitForEvent("download"), walk.page.getByRole("button", { name: "Download main.tf" }).click()]);
    return readFileSync(await file.path(), "utf8");
  };

  it("applies access, and sees it arrive", async () => {
    await walk.register(standalone, "Lone Star", "Terraform");
    await walk.sees("terraform init -upgrade");
    await walk.sees("What bursar sees arriving");
    await walk.shows("terraform");
    expect(await applied.apply(await main())).toContain("role_arn");
    await walk.check();
    await walk.sees("This is a standalone account");
  });

  it("comes back to the export, and applies it with the same file", async () => {
    await walk.reopen(browser);
    await walk.go(`/accounts/${standalone}/register`);
    await walk.at("Billing export");
    const text = await main();
    expect(text).toContain("bursar-cur-777788889999-us-east-1");
    await applied.apply(text);
    await walk.check();
    await walk.sees("The export is set up");
    await walk.shows("terraform-export");
    await walk.press("Next");
    await walk.at("Done");
  });

  it("meets no barrier, no error and no foreign request", () => {
    expect(walk.barriers).toEqual([]);
    expect(walk.troubles()).toEqual([]);
  });
});
