/** A pool's certificate, judged by clocks that are right, wrong or not set. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type CertificateVerdict,
  issueCertificate,
  judgeCertificate,
  readCertificate,
} from "../../../../lib/protocol/sv2/noise/certificate.ts";
import { drawKeyPair, xOnlyKeyOf, xOnlyOf } from "../../../../lib/protocol/sv2/noise/curve.ts";

const FROM = Date.UTC(2027, 0, 15, 8);
const TO = Date.UTC(2027, 0, 15, 9);

const SECRET = drawKeyPair().secret;
const AUTHORITY = xOnlyKeyOf(SECRET);
const STATIC_KEY = xOnlyOf(drawKeyPair().encoded);
const TIMES = { version: 0, validFrom: FROM, validTo: TO };
const BYTES = issueCertificate(TIMES, STATIC_KEY, SECRET);

function judgedAt(wallTime: number): CertificateVerdict {
  return judgeCertificate(BYTES, STATIC_KEY, AUTHORITY, wallTime);
}

function after(time: number, seconds: number): number {
  return time + seconds * 1000;
}

Deno.test("a clock may be 300 seconds off, either way", () => {
  for (const wallTime of [after(FROM, -299), after(FROM, -300), FROM, TO, after(TO, 300)]) {
    assert.deepEqual(judgedAt(wallTime), { kind: "valid" }, new Date(wallTime).toISOString());
  }
  assert.deepEqual(judgedAt(after(TO, 300) + 999), { kind: "valid" }, "within the last second");
});

Deno.test("with a clock that is 301 s fast, the message names the clock and both times", () => {
  assert.deepEqual(judgedAt(after(TO, 301)), {
    kind: "refused",
    code: "certificate-expired",
    text: "this machine's clock is 301 s off (it shows 2027-01-15T09:05:01Z), or the pool's " +
      "certificate ended at 2027-01-15T09:00:00Z; set the clock, or tell the pool",
  });
});

Deno.test("with a clock that is 301 s slow, the message names the clock and both times", () => {
  assert.deepEqual(judgedAt(after(FROM, -301)), {
    kind: "refused",
    code: "certificate-not-yet-valid",
    text: "this machine's clock is 301 s off (it shows 2027-01-15T07:54:59Z), or the pool's " +
      "certificate begins only at 2027-01-15T08:00:00Z; set the clock, or tell the pool",
  });
});

Deno.test("a machine whose clock was never set mines: only the signature counts, and it says so", () => {
  for (const date of ["1970-01-01T00:00:00Z", "1980-01-06T00:00:00Z", "2026-10-31T23:59:59Z"]) {
    assert.deepEqual(judgedAt(Date.parse(date)), { kind: "undated" }, date);
  }
  const other = xOnlyKeyOf(drawKeyPair().secret);
  const verdict = judgeCertificate(BYTES, STATIC_KEY, other, 0);
  assert.equal(verdict.kind === "refused" && verdict.code, "certificate-signature");
});

Deno.test("without an authority, nothing of a certificate is checked", () => {
  const nonsense = new Uint8Array(74).fill(0xff);
  const verdict = judgeCertificate(nonsense, STATIC_KEY, undefined, FROM);
  assert.deepEqual(verdict, { kind: "unchecked" });
});

Deno.test("a changed bit in any byte of a certificate is refused", () => {
  for (let at = 0; at < BYTES.length; at++) {
    const damaged = BYTES.slice();
    damaged[at]! ^= 1 << at % 8;
    const verdict = judgeCertificate(damaged, STATIC_KEY, AUTHORITY, FROM);
    assert.equal(
      verdict.kind === "refused" && verdict.code,
      at < 2 ? "certificate-version" : "certificate-signature",
      `byte ${at}`,
    );
  }
});

Deno.test("a certificate for another static key is refused", () => {
  const verdict = judgeCertificate(BYTES, xOnlyOf(drawKeyPair().encoded), AUTHORITY, FROM);
  assert.equal(verdict.kind === "refused" && verdict.code, "certificate-signature");
});

Deno.test("an authority key that is no point of the curve signs nothing", () => {
  const verdict = judgeCertificate(BYTES, STATIC_KEY, new Uint8Array(32).fill(0xff), FROM);
  assert.equal(verdict.kind === "refused" && verdict.code, "certificate-signature");
});

Deno.test("what a certificate was issued with is what is read", () => {
  const seconds = fc.integer({ min: 0, max: 0xffff_ffff });
  const version = fc.integer({ min: 0, max: 0xffff });
  fc.assert(
    fc.property(version, seconds, seconds, (version, from, to) => {
      const certificate = { version, validFrom: from * 1000, validTo: to * 1000 };
      const bytes = issueCertificate(certificate, STATIC_KEY, SECRET);
      assert.deepEqual(readCertificate(bytes), certificate);
    }),
    { numRuns: 50 },
  );
});

Deno.test("a pool in 2106 issues certificates up to the last second that 32 bits can say", () => {
  const now = Date.parse("2106-02-07T06:28:10Z");
  const times = { version: 0, validFrom: now, validTo: now + 3_600_000 };
  const bytes = issueCertificate(times, STATIC_KEY, SECRET);
  assert.equal(readCertificate(bytes).validTo, 0xffff_ffff * 1000);
  assert.deepEqual(judgeCertificate(bytes, STATIC_KEY, AUTHORITY, now), { kind: "valid" });
});
