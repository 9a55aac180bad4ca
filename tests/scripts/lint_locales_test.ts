/** That nothing in lib loads the runtime's tables of languages. */

import assert from "node:assert/strict";
import plugin from "../../scripts/lint_locales.ts";

/** What is said of a file with this text, each a sentence. */
function said(text: string, path = "lib/mux/planted.ts"): string[] {
  const file = new URL(`../../${path}`, import.meta.url).pathname;
  return Deno.lint.runPlugin(plugin, file, text).map(({ message }) => message);
}

const PLANTED: [text: string, found: string][] = [
  ['(1000).toLocaleString("en");', "toLocaleString"],
  ["names.sort((a, b) => a.localeCompare(b));", "localeCompare"],
  ["new Intl.NumberFormat().format(5);", "Intl"],
  ["globalThis.Intl;", "Intl"],
  ['date["toLocaleTimeString"]();', "toLocaleTimeString"],
  ["date.toLocaleDateString();", "toLocaleDateString"],
  ["name.toLocaleLowerCase();", "toLocaleLowerCase"],
  ["name.toLocaleUpperCase();", "toLocaleUpperCase"],
  ['name.normalize("NFC");', "normalize"],
];
for (const [text, found] of PLANTED) {
  Deno.test(`in lib it is reported: ${text}`, () => {
    assert.deepEqual(said(text), [
      `${found} loads the runtime's tables of languages: write the text without it`,
    ]);
  });
}

Deno.test("texts and numbers that ask for no language are fine", () => {
  const text = 'export const shown = (5).toFixed(1) + "a".toLowerCase() + " toLocaleString";';
  assert.deepEqual(said(text), []);
});

Deno.test("the page, which runs in browsers, may ask for one", () => {
  assert.deepEqual(said("(5).toLocaleString();", "lib/observe/status/page/format.js"), []);
});
