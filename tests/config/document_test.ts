/** What is said about text that is not JSON with comments. */

import assert from "node:assert/strict";
import { plainValue, readDocument } from "../../lib/config/document.ts";
import { formatProblems } from "../../lib/config/problem.ts";

const MISTAKES: [text: string, line: string][] = [
  ["", "f:1:1  found the end of the file, wanted a value"],
  ["// nothing\n\n", "f:1:11  found the end of the file, wanted a value"],
  ["{", "f:1:2  found the end of the file, wanted a key in double quotes or }"],
  ['{"a": 1\n\n', "f:1:8  found the end of the file, wanted a comma or }"],
  ["[1", "f:1:3  found the end of the file, wanted a comma or ]"],
  [
    '{"a": "b',
    'f:1:9  found the end of the file, wanted the end of what was begun: a closing " or */',
  ],
  [
    "{ /* ",
    'f:1:6  found the end of the file, wanted the end of what was begun: a closing " or */',
  ],
  [
    '{\n  "a": 1\n  "b": 2\n}',
    'f:3:3  found "b", wanted a comma or }; is a comma missing before it?',
  ],
  ["[1 2]", 'f:1:4  found "2", wanted a comma or ]; is a comma missing before it?'],
  [
    '{\n  "a": "b,\n  "c": "d"\n}',
    'f:2:8  found "b," going on in the next line, wanted a closing "',
  ],
  ['{"a": "b\n"}', 'f:1:7  found "b" going on in the next line, wanted a closing "'],
  ["{a: 1}", 'f:1:2  found "a", wanted a key in double quotes or }'],
  [
    "{'a': 1}",
    'f:1:2  found "\'", wanted a key in double quotes or }; write strings in double quotes',
  ],
  ['{"a" 1}', 'f:1:6  found "1", wanted a colon'],
  ['{"a": }', 'f:1:7  found "}", wanted a value'],
  ['{"a": btc}', 'f:1:7  found "btc", wanted a value; write text in double quotes'],
  ['{"a": True}', 'f:1:7  found "True", wanted a value; write true, false and null in lower case'],
  ['{"a": 0x1f}', 'f:1:8  found "x1f", wanted a comma or }; write numbers in decimal'],
  ['{"a": +1}', 'f:1:7  found "+1", wanted a value; write numbers as in 12 or 0.5'],
  ['{"a": 1,, "b": 2}', 'f:1:9  found ",", wanted a key in double quotes or }'],
  ['{"a": 1]', 'f:1:8  found "]", wanted a comma or }'],
  ['{"a": 1}}', 'f:1:9  found "}", wanted nothing more'],
  [
    '{"a": "C:\\pools"}',
    'f:1:10  found "\\\\", wanted an escape that JSON knows; write \\\\ for one backslash',
  ],
  ["/* one\ntwo */ {a: 1}", 'f:2:9  found "a", wanted a key in double quotes or }'],
  ["\uFEFF[1}", 'f:1:3  found "}", wanted a comma or ]'],
];
for (const [text, line] of MISTAKES) {
  Deno.test(`${JSON.stringify(text)} is explained in plain words`, () => {
    const result = readDocument(text);
    assert.ok(!result.ok);
    assert.equal(formatProblems("f", [result.problem]).split("\n")[0], line);
  });
}

Deno.test("places are counted as editors count them, through comments and all line ends", () => {
  const result = readDocument('/* a\nb\r\nc */ {\r"x": [1,\n // two\n   2]}');
  assert.ok(result.ok && result.root.kind === "object");
  const [member] = result.root.members;
  assert.ok(member?.content.kind === "list");
  const places = [member, ...member.content.items].map(({ at }) => [at.line, at.column]);
  assert.deepEqual(places, [[4, 1], [4, 7], [6, 4]]);
});

Deno.test("a key __proto__ stays a key of its own", () => {
  const result = readDocument('{"__proto__": {"pools": 1}}');
  assert.ok(result.ok);
  const value = plainValue(result.root) as object;
  assert.deepEqual(Object.keys(value), ["__proto__"]);
  assert.equal("pools" in value, false);
});
