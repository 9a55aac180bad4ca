/** Request ids come back as the very text they came as. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findRequestId,
  formatRequestId,
  requestIdFrom,
} from "../../../lib/protocol/stratum/request_id.ts";
import { cpuMs } from "../../support/cpu_time.ts";
import { heapGrowth } from "../../support/heap_growth.ts";

for (
  const [json, id] of [
    ['{"id":0}', 0],
    ['{"id":7}', 7],
    ['{"id":999999999999999}', 999999999999999],
    ['{"id":1000000000000000}', "1000000000000000"],
    ['{"id":12345678901234567890}', "12345678901234567890"],
    ['{"id":-1}', "-1"],
    ['{"id":-0}', "-0"],
    ['{"id":1.0}', "1.0"],
    ['{"id":1e3}', "1e3"],
    ['{"id":1e400}', "1e400"],
    ['{"id":"1"}', '"1"'],
    ['{"id":""}', '""'],
    ['{"id":"\\u0031\\/"}', '"\\u0031\\/"'],
    ['{"id":"\\""}', '"\\""'],
    ['{"id":"\\\\"}', '"\\\\"'],
    ['{"id":"},{"}', '"},{"'],
    ['{"id":null}', null],
    ['{"id":"null"}', '"null"'],
    ['{"id":true}', "true"],
    ['{"id":[1, {"id":2}]}', '[1, {"id":2}]'],
    ['{"id":{"id":2} ,"x":1}', '{"id":2}'],
    ["{}", null],
    ['{"x":{"id":1}}', null],
    ['{"x":[{"id":1}],"id":2}', 2],
    ['{"id":2,"x":{"id":1}}', 2],
    ['{"x":"\\",\\"id\\":1"}', null],
    ['{"ID":1}', null],
    ['{"\\u0069d":5}', 5],
    ['{"\\u0069\\u0064":5,"x":0}', 5],
    ['{"id":1,"id":2}', 2],
    ['{"id":1,"\\u0069d":"3"}', '"3"'],
    ['{"id":1,"id":null}', null],
    [' \t{ "id" :\r 4 , "x" : 5 } ', 4],
  ] as const
) {
  Deno.test(`the id of ${json} is ${JSON.stringify(id)}`, () => {
    assert.equal(findRequestId(json), id);
  });
}

/** A JSON value as text, often with a member named `id` inside. */
const value: fc.Arbitrary<string> = fc.letrec<{ value: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.string({ unit: fc.constantFrom(...'"\\{}[],: id'.split("")) }).map((text) =>
      JSON.stringify(text)
    ),
    fc.double().map((number) => JSON.stringify(number)),
    fc.constantFrom("null", "true", "0", "-0", "1E5", "0.10", '"\\u0069d"', '"\\ud800"', "123e-7"),
  ),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(" , ")}]`),
    fc.array(tie("value"), { maxLength: 3 }).map((items) =>
      `{${items.map((item, i) => `${i === 0 ? '"id"' : '"\\u0069d" '}:${item}`).join(",")}}`
    ),
  ),
})).value;

const key = fc.oneof(
  fc.constantFrom('"id"', '"\\u0069d"', '"i\\u0064"', '"\\u0069\\u0064"'),
  fc.constantFrom('"ID"', '"id "', '"\\"id\\""', '"idd"', '"i"', '""', '"__proto__"', '"method"'),
  fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => JSON.stringify(text)),
);

const blank = fc.constantFrom("", "", "", " ", "\t", "\r", "\n", " \t ");

Deno.test("the id is the source text of the last member named id, whatever else there is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key, value, gaps: fc.tuple(blank, blank, blank, blank) }), {
        maxLength: 6,
      }),
      (members) => {
        const json = "{" +
          members.map(({ key, value, gaps }) =>
            `${gaps[0]}${key}${gaps[1]}:${gaps[2]}${value}${gaps[3]}`
          ).join(",") + "}";
        const ids = members.filter(({ key }) => JSON.parse(key) === "id");
        const expected = ids.at(-1)?.value ?? "null";
        assert.equal(formatRequestId(findRequestId(json)), expected);
        assert.deepEqual(JSON.parse(expected), JSON.parse(json).id ?? null);
      },
    ),
    { seed: 20240609, numRuns: 3000 },
  );
});

Deno.test("an id read from its text prints as that text", () => {
  fc.assert(
    fc.property(value, (text) => {
      assert.equal(formatRequestId(requestIdFrom(text)), text);
    }),
    { seed: 20240610, numRuns: 2000 },
  );
});

Deno.test("an id keeps nothing else of the line it came in", () => {
  const [count, length] = [2000, 60_000];
  const growth = heapGrowth(() =>
    Array.from({ length: count }, (_, i) => {
      const text = `"a text that counts ${i}"`;
      const id = findRequestId(`{"id":${text},"x":"${"x".repeat(length)}"}`);
      assert.equal(id, text);
      return id;
    })
  );
  assert.ok(growth < count * length / 2, `${growth} bytes`);
});

Deno.test("findRequestId is done with a huge line fast", () => {
  const deep = "[".repeat(300_000) + "]".repeat(300_000);
  const many = Array.from({ length: 60_000 }, (_, i) => `"k${i}":${i}`).join(",");
  const startedAt = cpuMs();
  assert.equal(findRequestId(`{"x":${deep},"id":3}`), 3);
  assert.equal(findRequestId(`{${many},"id":4}`), 4);
  assert.ok(cpuMs() - startedAt < 1000);
});
