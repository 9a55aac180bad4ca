/** The certificates of all ports: read together, taken back together, and told when they end. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../../lib/base/system_time.ts";
import { CannotUseCertificate } from "../../../lib/net/tls/certificate_files.ts";
import { MinerTls } from "../../../lib/net/tls/miner_tls.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { certificateFiles } from "../../support/test_certificates.ts";
import { LIMITS } from "../miners/engine_contract.ts";

const POOL = certificateFiles("pool");
const ELSEWHERE = certificateFiles("elsewhere");
const MISSING = { cert_file: "/nowhere/cert.pem", key_file: "/nowhere/key.pem" };

function names(tls: MinerTls): string[] {
  return tls.certificates.map(({ names }) => names.split(",")[0]!);
}

Deno.test("certificates are loaded all or none, and restored on request", async () => {
  const tls = new MinerTls(() => Date.now());
  await tls.load([POOL]);
  await assert.rejects(tls.load([ELSEWHERE, MISSING]), CannotUseCertificate);
  assert.deepEqual(names(tls), ["DNS:pool.test"]);
  const takeBack = await tls.load([ELSEWHERE, POOL, ELSEWHERE]);
  assert.deepEqual(names(tls), ["DNS:elsewhere.test", "DNS:pool.test"]);
  takeBack();
  assert.deepEqual(names(tls), ["DNS:pool.test"]);
  await tls.load([]);
  assert.deepEqual(names(tls), []);
});

Deno.test("a port with a certificate that was not loaded is a fault of ours", () => {
  const options = { hostname: "127.0.0.1", port: 0, events: new EngineRecord(), limits: LIMITS };
  assert.throws(
    () =>
      new MinerTls(() => Date.now()).start(POOL, { ...options, now: () => 0, time: systemTime }),
    /was not loaded/,
  );
});

for (
  const [day, certificate, expected] of [
    ["2059-12-18", "pool", "info: Certificate {} for DNS:pool.test… is good until 2060-01-01"],
    ["2059-12-19", "pool", "warning: Certificate {} for DNS:pool.test… expires in 13 days, on"],
    ["2059-12-31", "pool", "warning: Certificate {} for DNS:pool.test… expires in 1 day, on"],
    ["2060-01-02", "pool", "error: Certificate {} for DNS:pool.test… expired on 2060-01-01"],
    ["2026-01-01", "expired", "error: Certificate {} for DNS:pool.test… expired on 2010-01-01"],
  ] as const
) {
  Deno.test(`on ${day} the log says of the certificate "${certificate}" how long it is good`, async () => {
    using log = new LogCapture();
    mock.timers.enable({ apis: ["Date"], now: Date.parse(day) });
    try {
      const files = certificateFiles(certificate);
      const tls = new MinerTls(() => Date.now());
      await tls.load([files]);
      const [line, ...rest] = log.take();
      const said = line!.replace(files.cert_file, "{}").replace(/, IP[^;]*?(?= is| exp| has)/, "…");
      assert.ok(said.startsWith(expected), said);
      assert.deepEqual(rest, []);
      await tls.load([files]);
      const again = log.take();
      assert.equal(again.length, expected.startsWith("info") ? 0 : 1, "trouble is told each time");
    } finally {
      mock.timers.reset();
    }
  });
}
