/** A terminal that was closed, told from none. */

import assert from "node:assert/strict";
import { Terminal } from "../../lib/host/terminal.ts";

class Stream {
  constructor(public isOne: boolean) {}
  isTerminal(): boolean {
    return this.isOne;
  }
}

Deno.test("a terminal is gone once a stream that was connected to one is so no longer", () => {
  const streams = [new Stream(true), new Stream(false), new Stream(false)];
  const terminal = new Terminal(streams, () => true);
  assert.equal(terminal.isGone(), false);
  streams[0]!.isOne = false;
  assert.equal(terminal.isGone(), true);
});

Deno.test("a terminal is gone once it was taken from this process, though still open", () => {
  let belongs = true;
  const terminal = new Terminal([new Stream(true)], () => belongs);
  assert.equal(terminal.isGone(), false);
  belongs = false;
  assert.equal(terminal.isGone(), true);
});

Deno.test("a program that writes to a terminal it never belonged to loses none", () => {
  const terminal = new Terminal([new Stream(true)], () => false);
  assert.equal(terminal.isGone(), false);
});

Deno.test("a program that had no terminal, as with nohup, loses none", () => {
  let belongs = true;
  const streams = [new Stream(false), new Stream(false), new Stream(false)];
  const terminal = new Terminal(streams, () => belongs);
  assert.equal(terminal.isGone(), false);
  belongs = false;
  assert.equal(terminal.isGone(), false);
});
