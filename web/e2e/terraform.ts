import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Demo } from "./demo";

const run = promisify(execFile);

// noTerraform says what is missing to run Terraform; "" = nothing.
export function noTerraform(): string {
  try {
    execFileSync("terraform", ["version"], { stdio: "ignore" });
    return "";
  } catch {
    return "no terraform: https://developer.hashicorp.com/terraform/install";
  }
}

// mirror finds a folder with providers of the registry, as the Go tests do; "" = Terraform finds them itself.
function mirror(): string {
  if (process.env.TF_PLUGIN_DIR) return process.env.TF_PLUGIN_DIR;
  const below = (dir: string, depth: number): string => {
    if (existsSync(join(dir, "registry.terraform.io", "hashicorp", "aws"))) return dir;
    if (depth === 0) return "";
    for (const entry of list(dir)) {
      const found = below(join(dir, entry), depth - 1);
      if (found) return found;
    }
    return "";
  };
  return below("/", 2) || below(homedir(), 2);
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((e) => e.isDirectory() && !["proc", "sys", "dev"].includes(e.name))
      .map((e) => e.name);
  } catch {
    return []; // not ours to read
  }
}

// Applied is a folder in which a person keeps the main.tf that bursar wrote.
export class Applied {
  readonly dir = mkdtempSync(join(tmpdir(), "bursar-terraform-"));
  private env: Record<string, string | undefined> = {};
  private ready = false; // the module and the provider are there

  static async for(demo: Demo, account: string): Promise<Applied> {
    const a = new Applied();
    const answer = await fetch(`${demo.aws}/_sandbox/credentials`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ account }) });
    const key = (await answer.json()) as { access_key_id: string; secret_access_key: string };
    a.env = { ...process.env, AWS_ACCESS_KEY_ID: key.access_key_id, AWS_SECRET_ACCESS_KEY: key.secret_access_key, AWS_ENDPOINT_URL: demo.aws, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", AWS_EC2_METADATA_DISABLED: "true" };
    writeFileSync(join(a.dir, "sandbox_override.tf"), 'provider "aws" {\n  s3_use_path_style = true\n}\n');
    return a;
  }

  // apply puts a main.tf in place and applies it.
  async apply(main: string): Promise<string> {
    writeFileSync(join(this.dir, "main.tf"), main);
    const plugins = mirror();
    const env = plugins ? { ...this.env, TF_CLI_CONFIG_FILE: "/dev/null" } : this.env;
    const options = { cwd: this.dir, env, maxBuffer: 16 << 20 };
    if (!this.ready) await run("terraform", ["init", "-no-color", "-input=false", "-upgrade", ...(plugins ? [`-plugin-dir=${plugins}`] : [])], options);
    this.ready = true;
    const { stdout } = await run("terraform", ["apply", "-auto-approve", "-no-color", "-input=false"], options);
    return stdout;
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
