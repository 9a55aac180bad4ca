/** That nothing in lib takes time or chance from the system itself, and what is said of it. */

import assert from "node:assert/strict";
import plugin from "../../scripts/lint_time.ts";

/** What is said of a file with this text, each a sentence. */
function said(text: string, path = "lib/mux/planted.ts"): string[] {
  const file = new URL(`../../${path}`, import.meta.url).pathname;
  return Deno.lint.runPlugin(plugin, file, text).map(({ message }) => message);
}

const PLANTED: [text: string, found: string, instead: string][] = [
  ["setTimeout(() => {}, 5);", "setTimeout", "after of a Time"],
  ["const timer = setInterval(() => {}, 5);", "setInterval", "every of a Time"],
  ["setImmediate(() => {});", "setImmediate", "nextTurn of a Time"],
  ["clearTimeout(timer);", "clearTimeout", "clear of a Time"],
  ["clearInterval(timer);", "clearInterval", "clear of a Time"],
  ["clearImmediate(timer);", "clearImmediate", "clear of a Time"],
  ["globalThis.setTimeout(() => {}, 5);", "setTimeout", "after of a Time"],
  ['globalThis["setTimeout"](() => {}, 5);', "setTimeout", "after of a Time"],
  ["let timer: ReturnType<typeof setTimeout>;", "setTimeout", "after of a Time"],
  ["performance.now();", "performance", "now of a Time"],
  ["process.hrtime();", "hrtime", "now of a Time"],
  ["Temporal.Now.instant();", "Temporal", "wallNow of a Time"],
  ["Date.now();", "Date.now", "wallNow of a Time"],
  ["const now = Date.now;", "Date.now", "wallNow of a Time"],
  ['Date["now"]();', "Date.now", "wallNow of a Time"],
  ["const { now } = Date;", "Date.now", "wallNow of a Time"],
  ["new Date();", "Date.now", "wallNow of a Time"],
  ["new Date;", "Date.now", "wallNow of a Time"],
  ["Date();", "Date.now", "wallNow of a Time"],
  ["Math.random();", "Math.random", "random of a Time"],
  ["const { random } = Math;", "Math.random", "random of a Time"],
  ["crypto.getRandomValues(bytes);", "getRandomValues", "random of a Time"],
  ["crypto.randomUUID();", "randomUUID", "random of a Time"],
  ['import { randomBytes } from "node:crypto";', "randomBytes", "random of a Time"],
  ['import { randomInt as dice } from "node:crypto";', "randomInt", "random of a Time"],
  ["AbortSignal.timeout(5);", "AbortSignal.timeout", "after of a Time"],
  ['import * as timers from "node:timers";', "node:timers", "a Time"],
  ['import timers from "timers";', "timers", "a Time"],
  ['const timers = await import("node:timers/promises");', "node:timers/promises", "a Time"],
  ['export * from "node:timers/promises";', "node:timers/promises", "a Time"],
  ['export { scheduler } from "node:timers/promises";', "node:timers/promises", "a Time"],
  ['import "node:perf_hooks";', "node:perf_hooks", "a Time"],
];
for (const [text, found, instead] of PLANTED) {
  Deno.test(`in lib it is reported: ${text}`, () => {
    assert.deepEqual(said(text), [
      `${found} is the system's own: use ${instead} that is handed in`,
    ]);
  });
}

Deno.test("dates of a time that is known, other mathematics and given signals are fine", () => {
  const text = `
    import { createHash } from "node:crypto";
    export function shown(at: Date | number, signal: AbortSignal, time: Time): string {
      // setTimeout, Date.now() and Math.random() in a comment or a "setTimeout" in a text are words.
      time.after(Math.max(5, Date.parse("2026-01-01")), () => queueMicrotask(() => {}));
      return new Date(Date.UTC(2026, 1) + Math.floor(time.now())).toISOString() + "setTimeout";
    }
  `;
  assert.deepEqual(said(text), []);
});

Deno.test("main.ts is held to it; the system's own source, the page, scripts and tests are not", () => {
  const text = "setTimeout(() => {}, 5);";
  assert.equal(said(text, "main.ts").length, 1);
  assert.equal(said(text, "lib/system_time.ts").length, 1);
  for (
    const path of [
      "lib/base/system_time.ts",
      "lib/observe/status/page/planted.js",
      "scripts/bench/planted.ts",
      "tests/base/planted_test.ts",
    ]
  ) assert.deepEqual(said(text, path), [], path);
});

Deno.test("deno lint runs it with the configuration of this repository", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const page = "lib/observe/status/page";
    for (const path of ["scripts", page]) {
      await Deno.mkdir(`${folder}/${path}`, { recursive: true });
    }
    const plugins = ["scripts/lint_time.ts", "scripts/lint_locales.ts"];
    for (const path of ["deno.json", ...plugins, `${page}/deno.json`]) {
      await Deno.copyFile(new URL(`../../${path}`, import.meta.url), `${folder}/${path}`);
    }
    await Deno.writeTextFile(`${folder}/lib/planted.ts`, "export const time = Date.now();\n");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["lint"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(stderr);
    assert.ok(!success, text);
    assert.match(text, /btcagent\/handed-in-time.*Date\.now is the system's own: use wallNow/);
    assert.match(text, /lib\/planted\.ts:1/);
    assert.match(text, /Found 1 problem/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
