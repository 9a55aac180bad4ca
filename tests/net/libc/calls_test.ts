/** Single calls of the C library that the engine's own tests do not make in every order. */

import assert from "node:assert/strict";
import { Libc } from "../../../lib/net/libc/calls.ts";
import { openListener } from "../../../lib/net/libc/listener.ts";

const [SOL_SOCKET, SO_ACCEPTCONN, SO_SNDBUF] = [1, 30, 7];
const IPPROTO_TCP = 6;
const [EAGAIN, EBADF] = [11, 9];

Deno.test("an address is read whole, whatever call was made before", async () => {
  const libc = new Libc();
  const listener = openListener(libc, "::1", 0);
  using peer = await Deno.connect({ hostname: "::1", port: listener.addr.port });
  openListener(libc, "::", 0).close();
  assert.equal(libc.option(listener.fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
  const fd = libc.accept(listener.fd);
  assert.ok(fd >= 0);
  assert.deepEqual(libc.peerAddress(), { hostname: "::1", port: peer.localAddr.port });
  assert.equal(libc.option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
  assert.deepEqual(libc.localAddress(fd), { hostname: "::1", port: listener.addr.port });
  libc.close(fd);
  listener.close();
  libc.unload();
});

Deno.test("the kernel looks after silent miners: asked after 45 s, given up after 90 s", async () => {
  const libc = new Libc();
  const listener = openListener(libc, "127.0.0.1", 0);
  using _peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const fd = libc.accept(listener.fd);
  for (
    const [level, name, value] of [
      [SOL_SOCKET, /* SO_KEEPALIVE */ 9, 1],
      [IPPROTO_TCP, /* TCP_KEEPIDLE, s */ 4, 45],
      [IPPROTO_TCP, /* TCP_KEEPINTVL, s */ 5, 15],
      [IPPROTO_TCP, /* TCP_KEEPCNT */ 6, 3],
      [IPPROTO_TCP, /* TCP_USER_TIMEOUT, ms */ 18, 90_000],
    ] as const
  ) {
    assert.equal(libc.option(fd, level, name), value, `option ${name}`);
  }
  libc.close(fd);
  listener.close();
  libc.unload();
});

Deno.test("nothing is waited for, and errno says why there is nothing", async () => {
  const libc = new Libc();
  const listener = openListener(libc, "127.0.0.1", 0);
  assert.equal(libc.accept(listener.fd), -1);
  assert.equal(libc.lastError(), EAGAIN);
  using _peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const fd = libc.accept(listener.fd);
  assert.equal(libc.receive(fd, new Uint8Array(10)), -1);
  assert.equal(libc.lastError(), EAGAIN);
  assert.equal(libc.setOption(fd, SOL_SOCKET, SO_SNDBUF, 10_000), 0);
  const much = new Uint8Array(1 << 20);
  while (libc.send(fd, much) > 0);
  assert.equal(libc.lastError(), EAGAIN);
  libc.close(fd);
  assert.equal(libc.receive(fd, much), -1);
  assert.equal(libc.lastError(), EBADF);
  assert.equal(libc.option(fd, SOL_SOCKET, SO_SNDBUF), undefined);
  assert.equal(libc.localAddress(fd), undefined);
  listener.close();
  libc.unload();
});

Deno.test("a datagram that cannot be sent for want of files says so", async () => {
  // In a process of its own, which may use its files up.
  const url = new URL("../../../lib/net/libc/calls.ts", import.meta.url);
  const code = `
    import { Libc } from "${url}";
    const libc = new Libc();
    while (libc.eventfd() >= 0);
    const result = libc.sendDatagram(new Uint8Array(4), new Uint8Array(1));
    Deno.stdout.writeSync(new TextEncoder().encode(String(result)));
    Deno.exit();
  `;
  const { stdout } = await new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 256; exec "$0" run --no-check --allow-ffi "$1"',
      Deno.execPath(),
      `data:application/typescript,${encodeURIComponent(code)}`,
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "-24");
});

Deno.test("an event record that is too short for the kernel is refused", () => {
  const libc = new Libc();
  assert.throws(() => libc.epollControl(-1, 1, 0, new Uint8Array(12)), RangeError);
  libc.unload();
});
