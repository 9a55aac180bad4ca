/**
 * A real Chromium that looks at the live page, and whatever it complains of.
 */

import assert from "node:assert/strict";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where Chromium may be; the environment says it first. */
const PLACES = [
  Deno.env.get("CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

const CHROMIUM = PLACES.find((path) => path !== undefined && isFile(path));

/** Whether there is a Chromium. */
export function hasBrowser(): boolean {
  return CHROMIUM !== undefined;
}

/** A test that needs Chromium; where there is none it is reported as ignored, by its name. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  const missing = " (IGNORED: chromium is missing; apt-get install chromium, or set CHROMIUM)";
  const ignore = !hasBrowser();
  Deno.test({ name: ignore ? name + missing : name, ignore, fn });
}

/** A generous wait: the machine may be busy. */
const WAIT_MS = 20_000;

/** How the page is looked at. */
export interface LookOptions extends BrowserContextOptions {
  /** Complaints that belong to what is tested. */
  readonly expected?: RegExp;
}

/** A page of the browser. Ended with `await using`, which fails if there was any complaint. */
export class Look {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #complaints: string[] = [];
  readonly #requested: URL[] = [];

  private constructor(browser: Browser, page: Page, expected: RegExp | undefined) {
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(WAIT_MS);
    page.on("pageerror", (error) => this.#complaints.push(String(error.stack)));
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      if (!expected?.test(message.text())) this.#complaints.push(message.text());
    });
    page.on("request", (request) => this.#requested.push(new URL(request.url())));
  }

  /** Opens the page at `url`. */
  static async at(url: string, options: LookOptions = {}): Promise<Look> {
    const { expected, ...context } = options;
    assert.ok(CHROMIUM, "There is no Chromium");
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    const page = await browser.newPage({ locale: "en-GB", ...context });
    const look = new Look(browser, page, expected);
    await page.goto(url);
    return look;
  }

  /** Waits until the text of what `selector` finds first is so. */
  async sees(selector: string, text: string | RegExp): Promise<void> {
    const found = this.page.locator(selector).first();
    const deadline = performance.now() + WAIT_MS;
    let last = "";
    while (performance.now() < deadline) {
      last = await found.textContent({ timeout: WAIT_MS }) ?? "";
      if (typeof text === "string" ? last === text : text.test(last)) return;
      await this.page.waitForTimeout(50);
    }
    assert.fail(`${selector} says ${JSON.stringify(last)}, wanted ${text}`);
  }

  /** The texts of all that `selector` finds. */
  texts(selector: string): Promise<string[]> {
    return this.page.locator(selector).allTextContents();
  }

  /** What axe finds wrong for people who do not see, or see little, or use the keyboard. */
  async faults(): Promise<string[]> {
    // Past the page's own policy, as an extension of the browser would be.
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate("axe.run(document)") as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { origin } = new URL(this.page.url());
    await this.#browser.close();
    const elsewhere = this.#requested.filter((url) => url.origin !== origin);
    assert.deepEqual(elsewhere.map(String), [], "asked elsewhere");
    assert.deepEqual(this.#complaints, [], "the browser complained");
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
