/** No executable is taken for one of another machine, and a missing denort is said with its place. */

import assert from "node:assert/strict";
import { type DenortPlaces, findDenort, missingDenort } from "../../../scripts/ship/denort.ts";
import { elfMachine, elfMachineOf } from "../../../scripts/ship/elf.ts";
import { PLATFORMS } from "../../../scripts/ship/platforms.ts";

const [X86_64, AARCH64] = PLATFORMS as [typeof PLATFORMS[0], typeof PLATFORMS[0]];

/** The first bytes of an ELF executable, as in the System V ABI. */
function elfHead(machine: number, isLittle = true): Uint8Array {
  const head = new Uint8Array(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, isLittle ? 1 : 2, 1]);
  new DataView(head.buffer).setUint16(18, machine, isLittle);
  return head;
}

for (
  const [what, head, machine] of [
    ["x86_64", elfHead(62), "x86_64"],
    ["aarch64", elfHead(183), "aarch64"],
    ["32-bit ARM", elfHead(40), "arm"],
    ["big-endian s390", elfHead(22, false), "machine 22"],
    ["a cut header", elfHead(62).subarray(0, 19), undefined],
    ["a script", new TextEncoder().encode("#!/bin/sh\nexec deno run main.ts\n"), undefined],
    ["nothing", new Uint8Array(), undefined],
  ] as const
) {
  Deno.test(`the ELF header of ${what} is read as ${machine ?? "none"}`, () => {
    assert.equal(elfMachine(head), machine);
  });
}

Deno.test("this very runtime is for this very machine", async () => {
  assert.equal(await elfMachineOf(Deno.execPath()), Deno.build.arch);
  for (const nothing of ["/nowhere/denort", "/tmp"]) {
    assert.equal(await elfMachineOf(nothing), undefined, nothing);
  }
});

Deno.test("an executable whose end is missing is invalid, even without its last byte only", async () => {
  const [table, entryBytes, entries] = [100, 64, 3];
  const head = elfHead(62);
  const view = new DataView(head.buffer);
  view.setBigUint64(40, BigInt(table), true);
  view.setUint16(58, entryBytes, true);
  view.setUint16(60, entries, true);
  const whole = new Uint8Array(table + entryBytes * entries);
  whole.set(head);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, whole);
    assert.equal(await elfMachineOf(path), "x86_64");
    await Deno.writeFile(path, whole.subarray(0, -1));
    assert.equal(await elfMachineOf(path), undefined);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("DENORT_BIN counts only for the platform its file is for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const denortBin = `${folder}/denort`;
    await Deno.writeFile(denortBin, elfHead(183));
    const places: DenortPlaces = { denoDir: `${folder}/cache`, denoVersion: "9.8.7", denortBin };
    assert.deepEqual(await findDenort(AARCH64, places), { kind: "file", path: denortBin });
    const path = `${folder}/cache/dl/release/v9.8.7/denort-x86_64-unknown-linux-gnu.zip`;
    const missing = { kind: "archive", path, isThere: false };
    assert.deepEqual(await findDenort(X86_64, places), missing);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, "");
    assert.deepEqual(await findDenort(X86_64, places), { ...missing, isThere: true });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a missing denort is reported with the archive to get and its folder", () => {
  const places = { denoDir: "/home/me/deno", denoVersion: "9.8.7", denortBin: undefined };
  const text = missingDenort(AARCH64, places);
  for (
    const part of [
      "https://dl.deno.land/release/v9.8.7/denort-aarch64-unknown-linux-gnu.zip\n",
      "/home/me/deno/dl/release/v9.8.7/\n",
      "DENORT_BIN",
    ]
  ) assert.ok(text.includes(part), text);
  const set = missingDenort(AARCH64, { ...places, denortBin: "/x/denort" });
  assert.ok(set.includes("; /x/denort (DENORT_BIN) is no whole executable for it. Get\n"), set);
});
