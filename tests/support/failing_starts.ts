/**
 * Starts the libc engine three times on a port that is taken, and prints how many of them failed,
 * with the lowest free file descriptor before and after.
 */

import { systemTime } from "../../lib/base/system_time.ts";
import { Libc } from "../../lib/net/libc/calls.ts";
import { startLibcEngine } from "../../lib/net/libc/engine.ts";
import { EngineRecord } from "./engine_record.ts";

const libc = new Libc();

function lowestFreeFile(): number {
  const file = libc.eventfd();
  libc.close(file);
  return file;
}

const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const options = {
  hostname: "127.0.0.1",
  port: taken.addr.port,
  events: new EngineRecord(),
  limits: { maxWaitingBytes: 1024, stallTimeoutMs: 1000 },
  now: systemTime.now,
  time: systemTime,
};
const before = lowestFreeFile();
let failed = 0;
for (let i = 0; i < 3; i++) {
  try {
    startLibcEngine(options);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) failed++;
  }
}
const found = JSON.stringify({ failed, before, after: lowestFreeFile() });
Deno.stdout.writeSync(new TextEncoder().encode(found));
Deno.exit();
