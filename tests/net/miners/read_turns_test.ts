/** Who always has something to read waits for the others. */

import assert from "node:assert/strict";
import { ReadTurns } from "../../../lib/net/miners/read_turns.ts";

/** Reads that have begun, by number, and turns that pass when the test says so. */
class World {
  readonly begun: number[] = [];
  readonly turns: ReadTurns;
  #callbacks: (() => void)[] = [];

  constructor() {
    this.turns = new ReadTurns((callback) => void this.#callbacks.push(callback));
  }

  get isTurnWanted(): boolean {
    return this.#callbacks.length > 0;
  }

  ask(from: number, to: number): void {
    for (let read = from; read < to; read++) this.turns.take(() => this.begun.push(read));
  }

  passTurn(): void {
    const due = this.#callbacks;
    this.#callbacks = [];
    for (const callback of due) callback();
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("a few reads begin at once, and nothing waits for a turn", () => {
  const world = new World();
  world.ask(0, 16);
  assert.deepEqual(world.begun, upTo(16));
  assert.equal(world.isTurnWanted, false);
});

Deno.test("of many reads 16 begin in a turn, in the order they were asked for", () => {
  const world = new World();
  world.ask(0, 40);
  assert.deepEqual(world.begun, upTo(16));
  world.passTurn();
  assert.deepEqual(world.begun, upTo(32));
  world.ask(40, 41);
  assert.deepEqual(world.begun, upTo(32), "who comes later does not go first");
  world.passTurn();
  assert.deepEqual(world.begun, upTo(41));
  assert.equal(world.isTurnWanted, false);
});

Deno.test("a turn that was not full lets the rest of its 16 begin at once", () => {
  const world = new World();
  world.ask(0, 20);
  world.passTurn();
  world.ask(20, 33);
  assert.deepEqual(world.begun, upTo(32));
  assert.equal(world.isTurnWanted, true);
  world.passTurn();
  assert.deepEqual(world.begun, upTo(33));
});

Deno.test("one that always has something to read gets its 16 in a turn and no more", () => {
  const world = new World();
  let count = 0;
  const again = () => {
    count++;
    world.turns.take(again);
  };
  world.turns.take(again);
  assert.equal(count, 16);
  world.passTurn();
  assert.equal(count, 32);
  world.passTurn();
  assert.equal(count, 48);
});
