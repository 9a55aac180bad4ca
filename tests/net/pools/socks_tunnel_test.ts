/** What is said to a SOCKS 5 proxy, and what is made of its answers. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProxyCredentials } from "../../../lib/base/proxy_address.ts";
import { openSocksTunnel } from "../../../lib/net/pools/socks_tunnel.ts";
import { everyCut } from "../../support/any_cut.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

const LOGIN: ProxyCredentials = { user: "me", password: "secret" };
const POOL = { host: "pool.example", port: 3333 };

/** Granted, connected from 0.0.0.0:0. */
const GRANTED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/** Asks a proxy that answers `bytes` for a tunnel, whatever it is told. */
function ask(
  connection: FakeConnection,
  bytes: readonly number[],
  credentials?: ProxyCredentials,
  address = POOL,
): Promise<void> {
  connection.deliver(bytes);
  connection.end();
  return openSocksTunnel(connection, address, credentials);
}

const text = (value: string) => [...new TextEncoder().encode(value)];

Deno.test("without credentials only the open door is offered, and the name is sent unresolved", async () => {
  const connection = new FakeConnection();
  await ask(connection, [5, 0, ...GRANTED]);
  assert.deepEqual([...connection.written], [
    ...[5, 1, 0],
    ...[5, 1, 0, 3, 12, ...text("pool.example"), 3333 >> 8, 3333 & 0xff],
  ]);
});

Deno.test("credentials are sent if the proxy asks for them, and only then", async () => {
  const asking = new FakeConnection();
  await ask(asking, [5, 2, 1, 0, ...GRANTED], LOGIN);
  assert.deepEqual([...asking.written].slice(0, 4 + 11), [
    ...[5, 2, 0, 2],
    ...[1, 2, ...text("me"), 6, ...text("secret")],
  ]);
  const open = new FakeConnection();
  await ask(open, [5, 0, ...GRANTED], LOGIN);
  assert.doesNotMatch(new TextDecoder().decode(open.written), /secret/);
});

const ADDRESSES: [host: string, bytes: number[]][] = [
  ["10.1.2.3", [1, 10, 1, 2, 3]],
  ["2001:db8::1", [4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ["h", [3, 1, 0x68]],
];
for (const [host, bytes] of ADDRESSES) {
  Deno.test(`the address ${host} is sent as what it is`, async () => {
    const connection = new FakeConnection();
    await ask(connection, [5, 0, ...GRANTED], undefined, { host, port: 0x1234 });
    assert.deepEqual([...connection.written].slice(6), [...bytes, 0x12, 0x34]);
  });
}

const FROM: [name: string, bytes: number[]][] = [
  ["IPv4", [1, 1, 2, 3, 4, 5, 6]],
  ["IPv6", [4, ...Array(18).fill(7)]],
  ["a name", [3, 3, 1, 2, 3, 5, 6]],
  ["an empty name", [3, 0, 5, 6]],
];
for (const [name, from] of FROM) {
  Deno.test(`what follows an answer with ${name} is left to be read, however it was cut`, async () => {
    const answer = Uint8Array.of(5, 2, 1, 0, 5, 0, 0, ...from, 0x7b);
    for (const { name: cutting, chunks } of everyCut(answer)) {
      const connection = new FakeConnection();
      for (const chunk of chunks) connection.deliver(chunk);
      await openSocksTunnel(connection, POOL, LOGIN);
      const next = new Uint8Array(10);
      assert.equal(await connection.read(next), 1, cutting);
      assert.equal(next[0], 0x7b, cutting);
    }
  });
}

const REFUSALS: [answer: number[], credentials: ProxyCredentials | undefined, reason: RegExp][] = [
  [[], undefined, /^it closed the connection$/],
  [text("HTTP/1.1 400"), undefined, /^it is no SOCKS 5 proxy: its first byte is 72, wanted 5$/],
  [[4, 0], undefined, /no SOCKS 5 proxy/],
  [[5, 255], undefined, /^it wants a user and a password; put them into its address/],
  [[5, 2], undefined, /^it wants a user and a password/],
  [[5, 255], LOGIN, /^it wants another way to log in than with user and password$/],
  [[5, 1], LOGIN, /^it wants another way to log in/],
  [[5, 2, 1, 1], LOGIN, /^it refused our user and password; check them$/],
  [[5, 2, 1], LOGIN, /^it closed the connection$/],
  [[5, 0, 5, 1, 0, 1], undefined, /^it has a fault of its own$/],
  [[5, 0, 5, 2, 0, 1], undefined, /^its rules do not allow this address$/],
  [[5, 0, 5, 4, 0, 1], undefined, /^it cannot reach the host, or does not know its name$/],
  [[5, 0, 5, 5, 0, 1], undefined, /^the host refused its connection$/],
  [[5, 0, 5, 8, 0, 1], undefined, /^it does not know this kind of address$/],
  [[5, 0, 5, 9, 0, 1], undefined, /^it refused with the unknown code 9$/],
  [[5, 0, 5, 0, 0, 9], undefined, /^it answers with an address of the unknown kind 9$/],
  [[5, 0, 5, 0, 0, 1, 0, 0], undefined, /^it closed the connection$/],
];
for (const [answer, credentials, reason] of REFUSALS) {
  const login = credentials === undefined ? "" : " to credentials";
  Deno.test(`an answer of [${answer}]${login} is explained: ${reason.source}`, async () => {
    await assert.rejects(ask(new FakeConnection(), answer, credentials), { message: reason });
  });
}

Deno.test("any bytes of a proxy end in a tunnel or an error, and no error has the password", async () => {
  const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 5, 255), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(byte, { maxLength: 40 }), async (answer) => {
      try {
        await ask(new FakeConnection(), [5, ...answer], LOGIN);
      } catch (error) {
        assert.ok(error instanceof Error);
        assert.doesNotMatch(error.message, /secret/);
      }
    }),
    { seed: 6, numRuns: 1000 },
  );
});
