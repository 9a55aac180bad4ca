/** When a certificate is warned of, by the days it has left. */

import assert from "node:assert/strict";
import { judgeCertificate } from "../../lib/check/judge_certificate.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2030, 0, 1);

const CERTIFICATES: [from: number, days: number, isVerified: boolean, row: string][] = [
  [-1, 90, true, "ok of pool.test, signed by CA: 90 days left"],
  [-1, 15, true, "ok of pool.test, signed by CA: 15 days left"],
  [-1, 14, true, "warning of pool.test, signed by CA: 14 days left"],
  [-1, 0, true, "warning of pool.test, signed by CA: 0 days left"],
  [-9, -1, true, "failure of pool.test, signed by CA: expired 1 day ago"],
  [-9, -1, false, "warning of pool.test, signed by CA: expired 1 day ago"],
  [1, 90, true, "failure of pool.test, signed by CA: not valid yet"],
];
for (const [from, days, isVerified, expected] of CERTIFICATES) {
  const verified = isVerified ? "" : ", with verification off,";
  Deno.test(`a certificate in force from day ${from} to ${days}${verified} is: ${expected}`, () => {
    const { level, found, advice } = judgeCertificate({
      name: "of pool.test, signed by CA",
      validFrom: NOW + from * DAY,
      validTo: NOW + days * DAY,
      isNeeded: isVerified,
      wallTime: NOW,
      values: {},
    });
    assert.equal(`${level} ${found}`, expected);
    assert.equal(advice === undefined, level === "ok");
  });
}
