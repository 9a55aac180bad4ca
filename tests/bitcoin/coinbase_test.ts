/** coinbaseOutputs(): what a coinbase pays, and nothing of what is none. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { coinbaseOutputs, paidScripts } from "../../lib/bitcoin/coinbase.ts";

/** A Bitcoin "compact size", in the shortest form. */
function size(count: number): string {
  if (count < 0xfd) return hex(count, 1);
  return count <= 0xffff ? `fd${hex(count, 2)}` : `fe${hex(count, 4)}`;
}

function hex(value: number | bigint, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, "0").match(/../g)!.reverse().join("");
}

interface Output {
  readonly value: bigint;
  readonly script: string;
}

function coinbase(scriptSig: string, outputs: readonly Output[]): string {
  const paid = outputs.map(({ value, script }) => hex(value, 8) + size(script.length / 2) + script);
  return `02000000` + `01${"00".repeat(32)}ffffffff` + size(scriptSig.length / 2) + scriptSig +
    "ffffffff" + size(outputs.length) + paid.join("") + "00000000";
}

const read = (text: string) => coinbaseOutputs(Uint8Array.fromHex(text));

function script(maxBytes: number) {
  return fc.uint8Array({ maxLength: maxBytes }).map((bytes) => bytes.toHex());
}

const output = fc.record({
  value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  script: script(300),
}, { noNullPrototype: true });
const outputs = fc.array(output, { maxLength: 300 });

Deno.test("the outputs of any coinbase are read as they were written", () => {
  fc.assert(
    fc.property(script(100), outputs, (scriptSig, wanted) => {
      assert.deepEqual(read(coinbase(scriptSig, wanted)), wanted);
    }),
    { numRuns: 100 },
  );
});

Deno.test("bytes that end early or go on are not a coinbase", () => {
  const whole = coinbase("03a5b10b", [
    { value: 312_500_000n, script: "0014" + "ab".repeat(20) },
    { value: 0n, script: "6a24aa21a9ed" + "cd".repeat(32) },
  ]);
  assert.equal(read(whole)?.length, 2);
  for (let cut = 0; cut < whole.length; cut += 2) {
    assert.equal(read(whole.slice(0, cut)), undefined, `cut at ${cut / 2}`);
  }
  assert.equal(read(whole + "00"), undefined);
});

Deno.test("bytes that are no coinbase are never more than nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const found = coinbaseOutputs(bytes);
      const length = found?.reduce((sum, { script }) => sum + 9 + script.length / 2, 0) ?? 0;
      assert.ok(length <= bytes.length);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a count or length larger than the coinbase is refused at once", () => {
  const before = `02000000` + `01${"00".repeat(32)}ffffffff` + "00" + "ffffffff";
  for (const count of ["fdffff", "feffffffff", "ffffffffffffffffff"]) {
    assert.equal(read(before + count + "00".repeat(100)), undefined, count);
    const huge = `01${"00".repeat(8)}${count}`;
    assert.equal(read(before + huge + "00".repeat(100)), undefined, count);
    const scriptSig = `02000000` + `01${"00".repeat(32)}ffffffff` + count;
    assert.equal(read(scriptSig + "00".repeat(100)), undefined, count);
  }
});

Deno.test("a transaction with a witness marker or two inputs is no coinbase of a pool", () => {
  const whole = coinbase("00", [{ value: 1n, script: "51" }]);
  assert.equal(read(whole.slice(0, 8) + "0001" + whole.slice(8)), undefined);
  assert.equal(read(whole.slice(0, 8) + "02" + whole.slice(10)), undefined);
});

Deno.test("only outputs with a value that somebody can spend are paid, each once", () => {
  const whole = coinbase("00", [
    { value: 5n, script: "0014aa" },
    { value: 7n, script: "0014aa" },
    { value: 0n, script: "0014bb" },
    { value: 9n, script: "6a01ff" },
    { value: 1n, script: "0014cc" },
  ]);
  assert.deepEqual(paidScripts(Uint8Array.fromHex(whole)), new Set(["0014aa", "0014cc"]));
  assert.equal(paidScripts(Uint8Array.of(1, 2, 3)), undefined);
});
