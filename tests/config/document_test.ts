/** What is said about text that is not JSON with comments. */

import assert from "node:assert/strict";
import { plainValue, readDocument } from "../../lib/config/document.ts";
import { formatProblems } from "../../lib/config/problem.ts";

const MISTAKES: [text: string, line: string][] = [
  [
    "",
    "f:1:1  found the end of the file, wanted a value; the file is empty: btcagent config --example prints one to start with",
  ],
  [
    "// nothing\n\n",
    "f:1:11  found the end of the file, wanted a value; the file is empty: btcagent config --example prints one to start with",
  ],
  ['{"a":', "f:1:6  found the end of the file, wanted a value"],
  ["{", "f:1:2  found the end of the file, wanted a key in double quotes or }"],
  ['{"a": 1\n\n', "f:1:8  found the end of the file, wanted a comma or }"],
  ["[1", "f:1:3  found the end of the file, wanted a comma or ]"],
  [
    '{"a": "b',
    'f:1:9  found the end of the file, wanted the end of what was started: a closing " or */',
  ],
  [
    "{ /* ",
    'f:1:6  found the end of the file, wanted the end of what was started: a closing " or */',
  ],
  [
    '{\n  "a": 1\n  "b": 2\n}',
    'f:3:3  found "b", wanted a comma or }; is a comma missing before it?',
  ],
  [
    "[1 2]",
    'f:1:4  found "2", wanted a comma or ]; is a comma missing before it, or a 0 too many?',
  ],
  [
    '{"a": 03333}',
    'f:1:8  found "3333", wanted a comma or }; is a comma missing before it, or a 0 too many?',
  ],
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
  ["btc", 'f:1:1  found "btc", wanted a value; write text in double quotes'],
  [
    '{"a": <1>}',
    'f:1:7  found "<", wanted a value; this may be a web page that was saved instead of the file',
  ],
  ['{"a" = 1}', 'f:1:6  found "=", wanted a colon; write : between key and value'],
  ['{"a": 1; "b": 2}', 'f:1:8  found ";", wanted a comma or }; write a comma'],
  ['{"a": [1,,2]}', 'f:1:10  found ",", wanted a value or ]; there is a comma too many'],
  [
    '"a": 1,\n"b": 2',
    'f:1:4  found ":", wanted nothing more; put { before the first key and } after the last value',
  ],
  ['{"a", "b": 1}', 'f:1:5  found ",", wanted a colon'],
  [
    '; mine\n{"a": 1}',
    'f:1:1  found ";", wanted a value; write comments as // or /* */',
  ],
  [
    '{"a": 1, -- mine\n"b": 2}',
    'f:1:10  found "--", wanted a key in double quotes or }; write comments as // or /* */',
  ],
  [
    '{"a": 1 / mine\n}',
    'f:1:9  found "/", wanted a comma or }; write comments as // or /* */',
  ],
  [
    '<!-- mine -->\n{"a": 1}',
    'f:1:1  found "<", wanted a value; write comments as // or /* */',
  ],
  [
    '# mine\n{"a": 1}',
    'f:1:1  found "#", wanted a value; write comments as // or /* */',
  ],
  [
    '{"a": 1, # one\n}',
    'f:1:10  found "#", wanted a key in double quotes or }; write comments as // or /* */',
  ],
  [
    '{"a": 1，"b": 2}',
    'f:1:8  found "，", wanted a comma or }; this is the character U+FF0C of another keyboard layout: write ,',
  ],
  [
    '{"a"：1}',
    'f:1:5  found "：", wanted a colon; this is the character U+FF1A of another keyboard layout: write :',
  ],
  [
    "{“a”: 1}",
    'f:1:2  found "“", wanted a key in double quotes or }; this is the typographic quotation mark U+201C: write "',
  ],
  [
    '{"a”: 1}',
    'f:1:4  found "”", wanted a closing "; this is the typographic quotation mark U+201D: write "',
  ],
  [
    '{"a”: "b"}',
    'f:1:4  found "”", wanted a closing "; this is the typographic quotation mark U+201D: write "',
  ],
  [
    '{\u00a0"a": 1}',
    'f:1:2  found "\\u00a0", wanted a key in double quotes or }; this is the invisible character U+00A0: delete it, or write an ordinary space',
  ],
  [
    '{"a": 1\u3000}',
    'f:1:8  found "\u3000", wanted a comma or }; this is the invisible character U+3000: delete it, or write an ordinary space',
  ],
  [
    '{\n\ufeff"a": 1}',
    'f:2:1  found "\\ufeff", wanted a key in double quotes or }; this is the invisible character U+FEFF: delete it, or write an ordinary space',
  ],
  [
    '{"a": \ufffd}',
    'f:1:7  found "\ufffd", wanted a value; its bytes are not UTF-8: save the file as UTF-8',
  ],
  ['{"a": 0x1f}', 'f:1:8  found "x1f", wanted a comma or }; write numbers in decimal'],
  ['{"a": +1}', 'f:1:7  found "+1", wanted a value; write numbers as in 12 or 0.5'],
  [
    '{"a": 1,, "b": 2}',
    'f:1:9  found ",", wanted a key in double quotes or }; there is a comma too many',
  ],
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

for (const encoding of ["little-endian", "big-endian"]) {
  for (const hasMark of [true, false]) {
    Deno.test(`a file in UTF-16, ${encoding}, ${hasMark ? "with" : "without"} a mark, is named as that`, () => {
      const text = (hasMark ? "\ufeff" : "") + '{"pools": []}';
      const bytes = new DataView(new ArrayBuffer(2 * text.length));
      for (let i = 0; i < text.length; i++) {
        bytes.setUint16(2 * i, text.charCodeAt(i), encoding === "little-endian");
      }
      const result = readDocument(new TextDecoder().decode(bytes));
      assert.ok(!result.ok);
      const [line] = formatProblems("f", [result.problem]).split("\n");
      const said = 'f:1:1  found a file in UTF-16, wanted one in UTF-8; choose "UTF-8" as the ' +
        "encoding when you save it";
      assert.equal(line, said);
    });
  }
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
