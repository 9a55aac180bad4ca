/** What the pool calls a worker: the operator's choice. */

import assert from "node:assert/strict";
import { chooseWorkerName, type WorkerNaming } from "../../lib/miner/worker_naming.ts";

const OWN: WorkerNaming = { fixedName: "", ipFormat: undefined };
const BY_IP: WorkerNaming = { fixedName: "", ipFormat: "{1}x{2}x{3}x{4}" };

Deno.test("a worker keeps its own name unless the operator wants otherwise", () => {
  assert.equal(chooseWorkerName(OWN, "rig1", "10.0.0.7"), "rig1");
});

Deno.test("a fixed name is everybody's, before any IP address", () => {
  const fixed = { ...BY_IP, fixedName: "hall3" };
  assert.equal(chooseWorkerName(fixed, "rig1", "10.0.0.7"), "hall3");
});

for (
  const [format, hostname, name] of [
    ["{1}x{2}x{3}x{4}", "10.0.0.7", "10x0x0x7"],
    ["{1}x{2}x{3}x{4}", "192.168.255.254", "192x168x255x254"],
    ["rack-{3}-{4}", "10.1.2.3", "rack-2-3"],
    ["{4}{4}.{0}{5}{12}{}", "10.1.2.3", "33.{0}{5}{12}{}"],
    ["same", "10.1.2.3", "same"],
    ["$&{1}$1", "10.1.2.3", "$&10$1"],
    // The Go agent prints the bytes of an IPv6 address in hex, without leading zeros; names must
    // stay what they were when a farm changes over.
    ["{1}x{2}x{3}x{4}", "2001:db8::1a2b:3c4d", "1ax2bx3cx4d"],
    ["{1}x{2}x{3}x{4}", "fe80::5054:ff:fe12:3", "fex12x0x3"],
    ["{1}x{2}x{3}x{4}", "::1", "0x0x0x1"],
    ["{1}x{2}x{3}x{4}", "fd00::", "0x0x0x0"],
    ["{1}x{2}x{3}x{4}", "fd00::a0b%eth0:1", "0x0xaxb"],
    // An IPv4 address on an IPv6 socket.
    ["{1}x{2}x{3}x{4}", "::ffff:10.0.0.7", "10x0x0x7"],
  ] as const
) {
  Deno.test(`a miner from ${hostname} named by ${format} is ${name}`, () => {
    assert.equal(chooseWorkerName({ ...BY_IP, ipFormat: format }, "rig1", hostname), name);
  });
}
