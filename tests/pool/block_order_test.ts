/** BlockOrder: who still works on a block that another pool has left. */

import assert from "node:assert/strict";
import { BlockOrder } from "../../lib/pool/block_order.ts";

class World {
  readonly order = new BlockOrder();
  time = 0;

  /** Jobs such as `a1 b1 a2`: a pool's letter and its previous hash. */
  jobs(text: string): this {
    for (const [pool, ...hash] of text.split(" ")) {
      this.time += 1_000;
      this.order.jobCame("abc".indexOf(pool!), pool!, hash.join(""), this.time);
    }
    return this;
  }

  /** The pools that are behind, and since when. */
  get behind(): string {
    const found = ["a", "b", "c"].map((pool, id) => [pool, this.order.leftBehind(id)] as const);
    return found.flatMap(([pool, left]) =>
      left === undefined ? [] : [`${pool} since ${left.name} at ${left.at / 1000}`]
    ).join(", ");
  }
}

Deno.test("a pool is behind from when another left its block until it follows", () => {
  assert.equal(new World().jobs("a1 b1 a2").behind, "b since a at 3");
  assert.equal(new World().jobs("a1 b1 a2 b1 b1").behind, "b since a at 3");
  assert.equal(new World().jobs("a1 b1 a2 b2").behind, "");
});

Deno.test("the first pool to leave a block is the one that counts", () => {
  assert.equal(new World().jobs("a1 b1 c1 a2 b2").behind, "c since a at 4");
});

Deno.test("a pool that follows only to the next block is behind still", () => {
  assert.equal(new World().jobs("a1 b1 a2 a3 b2").behind, "b since a at 4");
});

Deno.test("two blocks of one height are not behind each other", () => {
  assert.equal(new World().jobs("a1 b1 a2 b3").behind, "");
  assert.equal(new World().jobs("a1 b1 a2 b3 a4 b4").behind, "");
});

Deno.test("a pool that comes back to a block takes its word back", () => {
  assert.equal(new World().jobs("a1 b1 a2 a1").behind, "");
  assert.equal(new World().jobs("a1 b1 a2 a1 a3").behind, "b since a at 5");
});

Deno.test("a pool that connects with an old block is behind at once", () => {
  assert.equal(new World().jobs("a1 a2 b1").behind, "b since a at 2");
});

Deno.test("pools of different coins, and a pool alone, are never behind", () => {
  assert.equal(new World().jobs("a1 b7 a2 b8 a3 a4 b9").behind, "");
  assert.equal(new World().jobs("a1 a2 a3").behind, "");
});

Deno.test("old blocks are forgotten, however many come", () => {
  const world = new World();
  for (let block = 0; block < 1_000; block++) world.jobs(`a${block}`);
  assert.equal(world.jobs("b3").behind, "");
  assert.equal(world.jobs("b990").behind, "b since a at 992");
});
