/** Worker names behind a share. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeAgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import type { SubmitSharesExtended } from "../../../lib/protocol/sv2/share.ts";
import { workerNameBytes, writeWorkerName } from "../../../lib/protocol/sv2/worker_name.ts";
import { HOSTILE_NAMES } from "../../support/hostile_names.ts";
import { framed } from "./codec.ts";
import { vector, vectorsOf } from "./vectors.ts";

/** A share with these bytes behind its last field. */
function shareWith(hex: string): SubmitSharesExtended {
  const frame = framed(Uint8Array.fromHex(vector("msg-SubmitSharesExtended").hex!));
  const payload = Uint8Array.fromHex(frame.payload.toHex() + hex);
  const message = decodeAgentMessage({ ...frame, payload });
  assert.ok(message.kind === "submitSharesExtended");
  return message;
}

function textOf(name: Uint8Array | undefined): string | undefined {
  return name && new TextDecoder().decode(name);
}

for (const { name, hex, negative, fields, expect } of vectorsOf("workerName")) {
  Deno.test(`vector ${name}: ${expect}`, () => {
    const { workerName, ...share } = shareWith(hex!);
    const { workerName: _, ...bare } = shareWith("");
    assert.deepEqual(share, bare);
    assert.equal(textOf(workerName), negative ? undefined : fields!["value"]);
    if (negative) return;
    const out = new DataView(new ArrayBuffer(40));
    const end = writeWorkerName(out, 0, workerNameBytes(String(fields!["value"])));
    assert.equal(new Uint8Array(out.buffer, 0, end).toHex(), hex);
  });
}

Deno.test("a worker's name is found among other TLVs, and is the first of several", () => {
  const rig1 = "0200010400" + "72696731";
  const rig2 = "0200010400" + "72696732";
  const found: [hex: string, name: string | undefined][] = [
    [rig1, "rig1"],
    [rig1 + rig2, "rig1"],
    ["0300010200ffff" + rig1, "rig1"],
    ["0200020200ffff" + rig1, "rig1"],
    ["0200020000" + rig1, "rig1"],
    [rig1 + "02", "rig1"],
    [rig1 + "ffffffffff", "rig1"],
    ["0200010000", ""],
    ["", undefined],
    ["02000104", undefined],
    ["0200010400726967", undefined],
    ["0300010500" + rig1.slice(0, 8), undefined],
    ["0300010200ff", undefined],
    ["02000128" + "00" + "61".repeat(40), "a".repeat(40)],
  ];
  for (const [hex, name] of found) assert.equal(textOf(shareWith(hex).workerName), name, hex);
});

Deno.test("any bytes behind a share leave the share as it is", () => {
  const { workerName: _, ...bare } = shareWith("");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    const { workerName, ...share } = shareWith(bytes.toHex());
    assert.deepEqual(share, bare);
    if (workerName !== undefined) assert.ok(bytes.toHex().includes(workerName.toHex()));
  }));
});

Deno.test("a name is cut at 32 bytes, never within a character", () => {
  const cuts: [name: string, cut: string][] = [
    ["rig1", "rig1"],
    ["", ""],
    ["a".repeat(32), "a".repeat(32)],
    ["a".repeat(33), "a".repeat(32)],
    ["a".repeat(255), "a".repeat(32)],
    ["a".repeat(31) + "é", "a".repeat(31)],
    ["矿".repeat(11), "矿".repeat(10)],
    ["a".repeat(29) + "😀", "a".repeat(29)],
    ["a".repeat(28) + "😀", "a".repeat(28) + "😀"],
  ];
  for (const [name, cut] of cuts) assert.equal(textOf(workerNameBytes(name)), cut, name);
});

Deno.test("any name, hostile ones too, is cut to valid UTF-8 that it begins with", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const check = (name: string) => {
    const cut = strict.decode(workerNameBytes(name));
    assert.ok(workerNameBytes(name).length <= 32);
    assert.ok(name.toWellFormed().startsWith(cut));
    const next = [...name.toWellFormed()][[...cut].length] ?? "";
    const longer = new TextEncoder().encode(cut + next).length;
    assert.ok(next === "" || longer > 32, "no character more fits");
  };
  for (const name of Object.values(HOSTILE_NAMES)) check(name);
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), check));
});
