/**
 * Run as a program: dials a pool over verified TLS and prints `reached`, or why not.
 *
 *     deno run --allow-net --allow-read dial_once.ts HOST PORT CA_FILE [SHA256]
 */

import { systemTime } from "../../lib/base/system_time.ts";
import { createDial } from "../../lib/net/pools/dialer.ts";

const [host, port, caFile, ...pins] = Deno.args;
const dial = createDial({
  proxies: [],
  triesDirectToo: false,
  triesDirectAfter: false,
  usesTls: true,
  tls: { isVerified: true, caFile, pins },
  timeoutMs: 10_000,
  environment: () => undefined,
}, systemTime);
let said = "reached";
try {
  const connection = await dial({ host: host!, port: Number(port) }, new AbortController().signal);
  connection.close();
} catch (error) {
  said = String(error);
}
Deno.stdout.writeSync(new TextEncoder().encode(`${said}\n`));
