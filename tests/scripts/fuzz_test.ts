/** The fuzzer: what it found stays found, it is repeatable, and it does find faults. */

import assert from "node:assert/strict";
import { chunksOf, Dice } from "../../scripts/fuzz/target.ts";
import { TARGETS } from "../../scripts/fuzz/targets.ts";

const CORPUS = new URL("../corpus/", import.meta.url);

for (const target of TARGETS) {
  Deno.test(`${target.name}: every input of the corpus is taken as it must be`, async () => {
    const folder = new URL(`${target.name}/`, CORPUS);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.ok(names.length > 0, "there is an input");
    for (const name of names) await target.run(await Deno.readFile(new URL(name, folder)));
  });

  Deno.test(`${target.name}: a thousand fresh inputs are, too, and a seed repeats them`, async () => {
    for (let i = 0; i < 1000; i++) {
      const input = target.generate(new Dice(77, i));
      if (i % 100 === 0) assert.deepEqual(target.generate(new Dice(77, i)), input);
      await target.run(input);
    }
    assert.equal(target.reached?.problem, undefined);
  });
}

Deno.test("chunks are the input, whole and in order, and the same each time", () => {
  for (let i = 0; i < 200; i++) {
    const dice = new Dice(1, i);
    const input = dice.bytes(dice.below(2000));
    const chunks = [...chunksOf(input)];
    assert.deepEqual(chunks.flatMap((chunk) => [...chunk]), [...input]);
    assert.deepEqual([...chunksOf(input)], chunks);
  }
});
