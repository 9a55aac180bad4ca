/** Where the status is served, and that other machines never get it without a token. */

import assert from "node:assert/strict";
import { readConfig } from "../../lib/config/read.ts";
import {
  isLoopback,
  mayServe,
  parseStatusAddress,
  statusAddress,
} from "../../lib/config/status_address.ts";

const POOLS = '"pools": [["pool.example", 1800, "me"]]';

const ADDRESSES = [
  ["127.0.0.1:9999", "127.0.0.1", 9999, true],
  ["127.9.9.9:1", "127.9.9.9", 1, true],
  ["localhost:80", "127.0.0.1", 80, true],
  ["[::1]:9999", "::1", 9999, true],
  ["[0:0:0:0:0:0:0:1]:9999", "0:0:0:0:0:0:0:1", 9999, true],
  ["0.0.0.0:9999", "0.0.0.0", 9999, false],
  [":9999", "0.0.0.0", 9999, false],
  ["[::]:9999", "::", 9999, false],
  ["[1::1]:9999", "1::1", 9999, false],
  ["[fd00::1]:9999", "fd00::1", 9999, false],
  ["[::ffff:1.2.3.1]:9999", "::ffff:1.2.3.1", 9999, false],
  ["10.0.0.1:65535", "10.0.0.1", 65535, false],
] as const;

for (const [text, hostname, port, loopback] of ADDRESSES) {
  Deno.test(`${text} is ${loopback ? "for this machine alone" : "open to others"}`, () => {
    assert.deepEqual(parseStatusAddress(text), { hostname, port });
    assert.equal(isLoopback({ hostname, port }), loopback);
  });
}

for (
  const text of [
    "",
    "9999",
    "127.0.0.1",
    "127.0.0.1:0",
    "1.2.3:1",
    "::1:1",
    "host:1",
    "1.2.3.4:70000",
  ]
) {
  Deno.test(`${JSON.stringify(text)} is no address to serve the status at`, () => {
    assert.equal(parseStatusAddress(text), undefined);
  });
}

const REFUSED = [
  ['{"listen": "0.0.0.0:9999"}', "status.token"],
  ['{"listen": "[::]:9999", "token": ""}', "status.token"],
  ['{"control": true}', "status.token"],
  ['{"listen": "somewhere"}', "status.listen"],
  ['{"token": "two words"}', "status.token"],
] as const;

for (const [status, path] of REFUSED) {
  Deno.test(`status ${status} is refused at ${path}`, () => {
    const result = readConfig(`{"status": ${status}, ${POOLS}}`);
    assert.ok(!result.ok);
    assert.deepEqual(result.problems.map((problem) => problem.path), [path]);
  });
}

const SERVED = [
  ["", "127.0.0.1:9999"],
  ['"http_debug": {"enable": false, "listen": "127.0.0.1:7"},', "127.0.0.1:9999"],
  ['"http_debug": {"enable": true, "listen": "127.0.0.1:7"},', "127.0.0.1:7"],
  ['"http_debug": {"enable": true}, "status": {"listen": "127.0.0.1:8"},', "127.0.0.1:8"],
  ['"http_debug": {"enable": true}, "status": {"listen": ""},', undefined],
  ['"status": {"listen": "0.0.0.0:8", "token": "secret"},', "0.0.0.0:8"],
] as const;

for (const [keys, wanted] of SERVED) {
  Deno.test(`with ${keys || "nothing set"} the status is served at ${wanted ?? "no address"}`, () => {
    const result = readConfig(`{${keys} ${POOLS}}`);
    assert.ok(result.ok);
    const address = statusAddress(result.config);
    assert.equal(address && `${address.hostname}:${address.port}`, wanted);
    if (address !== undefined) assert.ok(mayServe(address, result.config));
  });
}

Deno.test("an old file that opens http_debug to others loads, is not served, and is told so", () => {
  const result = readConfig(`{"http_debug": {"enable": true, "listen": ":9999"}, ${POOLS}}`);
  assert.ok(result.ok);
  assert.equal(mayServe(statusAddress(result.config)!, result.config), false);
  assert.match(result.remarks[0]!.text, /status\.token/);
});

for (
  const [keys, isTold] of [
    ['"http_debug": {"enable": false, "listen": "127.0.0.1:7"},', true],
    ['"http_debug": {"enable": false}, "status": {"listen": ""},', false],
    ['"http_debug": {"enable": false}, "status": {"listen": "127.0.0.1:8"},', false],
    ['"http_debug": {"listen": "127.0.0.1:7"},', false],
    ['"http_debug": {"enable": true},', false],
    ["", false],
  ] as const
) {
  Deno.test(`{${keys}}: ${isTold ? "" : "not "}told that the status is served all the same`, () => {
    const result = readConfig(`{${keys} ${POOLS}}`);
    assert.ok(result.ok);
    const told = result.remarks.filter(({ text }) => /; .*status\.listen/.test(text));
    assert.deepEqual(
      told.map(({ kind, path }) => `${kind} ${path}`),
      isTold ? ["notice http_debug.enable"] : [],
    );
  });
}
