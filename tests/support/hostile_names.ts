/**
 * Names that attackers may choose, for miners, workers, accounts, client agents, texts of pools and
 * files. No output may be harmed by any of them.
 */

/** The names, by what they try. */
export const HOSTILE_NAMES: Readonly<Record<string, string>> = {
  "a line of its own": "rig\n2026-11-22 12:00:00.000 error   pool   All is lost",
  "a return to the start of the line": "rig\rinfo",
  "a command to the terminal": "rig\x1b[2J\x1b]0;title\x07",
  "a command of eight bits": "rig\x9b31m",
  "the end of a C string": "rig\x00hidden",
  "a deletion": "rig\x7f\x08\x08",
  "a tab": "rig\t\v\f",
  "writing from right to left": "rig\u202egnp.exe",
  "an embedding": "rig\u202a\u202b\u202c\u202d",
  "an isolate": "rig\u2066\u2067\u2068\u2069",
  "marks of direction": "rig\u200e\u200f\u061c",
  "nothing to see": "rig\u200b\u200c\u200d\u2060\ufeff\u00ad",
  "letters without a shape": "\u3164\u115f\u1160\uffa0",
  "tags that nobody sees": "rig\u{e0041}\u{e0042}\u{e007f}",
  "variants of nothing": "rig\ufe0f\u{e0101}",
  "separators of lines": "rig\u2028one\u2029two\x85three",
  "half a character": "rig\ud800",
  "the other half": "\udc00rig",
  "markup": `<img src=x onerror="document.title='taken'"><script>alert(1)</script>`,
  "an end of a script": "</script><!--",
  "an entity": "&lt;b&gt;&#x202e;",
  "a formula": `=cmd|'/C calc'!A0`,
  "other formulas": "+1-1@SUM(1)",
  "a call to everybody": "@everyone <@&1> #channel",
  "quotes": `"'\`"; DROP TABLE miners; --`,
  "a backslash at the end": "rig\\",
  "what looks like an escape": "rig\\n\\u202e\\x1b[2J",
  "an end of labels": `rig"} 1\nbtcagent_serving 0`,
  "places for values": "{miner} %s %n $& ${x} {{x}}",
  "an end of an event": "rig\n\nevent: state\ndata: {}",
  "a folder above": "../../etc/passwd",
  "a name of an object": "__proto__",
  "another one": "constructor",
  "nothing": "",
  "spaces": "   ",
  "very long": "x".repeat(100_000),
  "very long, in two halves": "\u{1f600}".repeat(30_000),
};

/** Characters that must never reach a reader: the same as in lib, but written independently. */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- these are what is looked for
  /[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e01ef}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/u;

/** What is harmful in `text`, as code points; `undefined` for nothing. */
export function harmIn(text: string): string | undefined {
  const found = HARMFUL.exec(text);
  if (found === null) return undefined;
  const [mark] = found;
  const near = JSON.stringify(text.slice(Math.max(0, found.index - 20), found.index + 20));
  return `U+${mark!.codePointAt(0)!.toString(16)} near ${near}`;
}

/** What is harmful in any text of a value out of JSON. */
export function harmInValue(value: unknown): string | undefined {
  if (typeof value === "string") return harmIn(value);
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const harm = harmIn(key) ?? harmInValue(member);
    if (harm !== undefined) return harm;
  }
  return undefined;
}
