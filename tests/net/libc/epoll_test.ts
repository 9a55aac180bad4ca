/** Readiness from the kernel, and the check that its records look as expected. */

import assert from "node:assert/strict";
import { Epoll, READY } from "../../../lib/net/libc/epoll.ts";
import { Libc } from "../../../lib/net/libc/calls.ts";
import { LibcUnavailable } from "../../../lib/net/libc/library.ts";

Deno.test("a file that becomes readable is reported with its tag, until it is no longer watched", async () => {
  const libc = new Libc();
  const epoll = new Epoll(libc);
  const file = libc.eventfd();
  assert.ok(epoll.add(file, READY.read, 0xfedcba98));
  assert.equal(epoll.wait(0), 0);
  const waiting = epoll.waitAside(-1);
  assert.throws(() => epoll.wait(0), /another wait is under way/);
  await assert.rejects(() => epoll.waitAside(0), /another wait is under way/);
  libc.raise(file);
  assert.equal(await waiting, 1);
  assert.deepEqual([epoll.fd(0), epoll.tag(0), epoll.flags(0)], [file, 0xfedcba98, READY.read]);

  epoll.change(file, READY.write, 7);
  assert.equal(epoll.wait(0), 1);
  assert.deepEqual([epoll.fd(0), epoll.tag(0), epoll.flags(0)], [file, 7, READY.write]);
  epoll.remove(file);
  assert.equal(epoll.wait(0), 0);
  assert.ok(!epoll.add(-1, READY.read, 0), "no file");
  libc.close(file);
  epoll.close();
  libc.unload();
});

Deno.test("two files that are ready at once are told apart", () => {
  const libc = new Libc();
  const epoll = new Epoll(libc);
  const files = [libc.eventfd(), libc.eventfd(), libc.eventfd()];
  for (const [tag, file] of files.entries()) {
    epoll.add(file, READY.read, tag);
    libc.raise(file);
  }
  assert.equal(epoll.wait(0), 3);
  const told = [0, 1, 2].map((i) => [epoll.fd(i), epoll.tag(i)]);
  assert.deepEqual(told.toSorted((a, b) => a[1]! - b[1]!), files.map((file, tag) => [file, tag]));
  for (const file of files) libc.close(file);
  epoll.close();
  libc.unload();
});

Deno.test("waking ends the wait under way, or the next one, once", async () => {
  const libc = new Libc();
  const epoll = new Epoll(libc);
  for (let round = 0; round < 3; round++) {
    const waiting = epoll.waitAside(-1);
    epoll.wake();
    assert.equal(await waiting, 1);
    epoll.wake();
    assert.equal(await epoll.waitAside(-1), 1);
    assert.equal(epoll.wait(0), 0);
  }
  epoll.close();
  libc.unload();
});

Deno.test("records of another layout are found out before anything relies on them", () => {
  /** A kernel that puts the data of an event four bytes further on. */
  class ForeignLibc extends Libc {
    readonly closed: number[] = [];

    override epollWait(epoll: number, events: Uint8Array, ms: number): number {
      const count = super.epollWait(epoll, events, ms);
      events.copyWithin(8, 4, 12);
      return count;
    }

    override close(fd: number): void {
      this.closed.push(fd);
      super.close(fd);
    }
  }
  const libc = new ForeignLibc();
  assert.throws(() => new Epoll(libc), LibcUnavailable);
  assert.equal(libc.closed.length, 2, "nothing is left open");
  libc.unload();
});
