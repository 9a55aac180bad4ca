/** Every status code a pool may put into a verdict. */

import assert from "node:assert/strict";
import { ERROR_CODE, errorText } from "../../../lib/protocol/stratum/error_code.ts";
import { minerStatus, SHARE_ACCEPTED, verdictMeaning } from "../../../lib/protocol/agent/status.ts";

const REJECTIONS = [
  [0, "Share rejected", "other"],
  [21, "Job not found (=stale)", "stale"],
  [22, "Duplicate share", "duplicate"],
  [23, "Low difficulty", "lowDifficulty"],
  [24, "Unauthorized worker", "other"],
  [25, "Not subscribed", "other"],
  [26, "Illegal method", "other"],
  [27, "Illegal params", "other"],
  [28, "Ip banned", "other"],
  [29, "Invalid username", "other"],
  [30, "Internal error", "other"],
  [31, "Time too old", "timeTooOld"],
  [32, "Time too new", "timeTooNew"],
  [33, "Invalid version mask", "versionMask"],
  [34, "Invalid Solution", "other"],
  [35, "Wrong Nonce Prefix", "other"],
  [36, "Job not found", "stale"],
  [37, "Stale share", "stale"],
  [38, "NiceHash not supported", "other"],
  [400, "Client is not a stratum switcher", "other"],
  [2147483647, "Unknown", "other"],
  [1835617709, "Unknown", "other"],
  [1, "Unknown", "other"],
  [-1, "Unknown", "other"],
] as const;

for (const status of [1798084231, 950395421, 1422486894, 1713984938]) {
  Deno.test(`status ${status} accepts the share`, () => {
    assert.equal(verdictMeaning(status), "accepted");
  });
}

for (const [status, text, meaning] of REJECTIONS) {
  Deno.test(`status ${status} rejects the share as ${meaning}, "${text}"`, () => {
    assert.equal(verdictMeaning(status), meaning);
    assert.equal(errorText(status), text);
  });
}

Deno.test("miners are told 21 for 36 and 37, which firmware does not know, and the rest as it is", () => {
  for (const [status] of REJECTIONS) {
    assert.equal(minerStatus(status), status === 36 || status === 37 ? 21 : status);
  }
});

Deno.test("an accepted share has the code real pools send", () => {
  assert.equal(SHARE_ACCEPTED, 0x6b2c9687);
});

Deno.test("only code 20, unknown, is answered with the text Unknown", () => {
  for (const [name, code] of Object.entries(ERROR_CODE)) {
    assert.equal(errorText(code) === "Unknown", code === 20, name);
  }
  assert.equal(errorText(20), "Unknown");
  assert.equal(errorText(104), "Worker name must be a string");
  assert.equal(errorText(105), "Sub-account Name Cannot be Empty");
});
