/** Fuzz target: the scanner of usual submit lines against the slow, obvious way to read them. */

import assert from "node:assert/strict";
import { parseShare, type Share } from "../../lib/protocol/stratum/share.ts";
import { scanShare } from "../../lib/protocol/stratum/share_scanner.ts";
import { decodeStratum } from "../../lib/protocol/stratum/message.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { type Dice, type FuzzTarget, hexDigits, jsonValue, mutate } from "./target.ts";

const encoder = new TextEncoder();
const BLANKS = ["", "", "", " ", "\t", "  ", "\r", "\v", "\u00a0"];

function parameter(dice: Dice): string {
  if (dice.oneIn(12)) return jsonValue(dice);
  return `"${hexDigits(dice, dice.oneIn(8) ? dice.below(11) : 8)}"`;
}

function line(dice: Dice): string {
  const blank = () => dice.oneIn(6) ? dice.pick(BLANKS) : "";
  const worker = dice.oneIn(8) ? jsonValue(dice) : '"farm.rig"';
  const job = dice.oneIn(8) ? jsonValue(dice) : `"${dice.below(1 << 30).toString(36)}"`;
  const params = [worker, job, ...Array.from({ length: 3 + dice.below(2) }, () => parameter(dice))];
  if (dice.oneIn(20)) params.splice(dice.below(params.length), 1);
  if (dice.oneIn(20)) params.push(parameter(dice));
  const id = dice.oneIn(5) ? jsonValue(dice) : String(dice.below(1e6));
  const members = [
    `"id"${blank()}:${blank()}${id}`,
    `"method":${blank()}"mining.submit"`,
    `"params"${blank()}:${blank()}[${blank()}${params.join("," + blank())}${blank()}]`,
  ];
  if (dice.oneIn(3)) members.reverse();
  if (dice.oneIn(20)) members.push(`"x":${jsonValue(dice)}`);
  if (dice.oneIn(20)) members.push(members[dice.below(members.length)]!);
  return `${blank()}{${blank()}${members.join(blank() + "," + blank())}${blank()}}${blank()}`;
}

/** Submit lines, read by the fast scanner and by the slow way. */
export const SHARE_LINES: FuzzTarget = {
  name: "share-lines",

  generate(dice) {
    return mutate(dice, encoder.encode(line(dice)));
  },

  run(input) {
    const before = input.slice();
    const scanned = scanShare(input);
    if (scanned !== undefined) assert.deepEqual(scanned, readSlowly(input));
    else readSlowly(input);
    assert.equal(before.toHex(), input.toHex(), "the line is left as it is");
  },
};

function readSlowly(line: Uint8Array): Share | undefined {
  try {
    const message = decodeStratum(line, MinerFault);
    return message.kind === "request" && message.method === "mining.submit"
      ? parseShare(message.id, message.params)
      : undefined;
  } catch (error) {
    if (error instanceof MinerFault) return undefined;
    throw error;
  }
}
