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
  const terminal = new Terminal(streams);
  assert.equal(terminal.isGone(), false);
  streams[0]!.isOne = false;
  assert.equal(terminal.isGone(), true);
});

Deno.test("a program that had no terminal, as with nohup, loses none", () => {
  const terminal = new Terminal([new Stream(false), new Stream(false), new Stream(false)]);
  assert.equal(terminal.isGone(), false);
});
