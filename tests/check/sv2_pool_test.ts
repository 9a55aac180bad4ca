/** What is said of Stratum V2 pools that are well, and of those with something wrong. */

import assert from "node:assert/strict";
import { parsePoolUrl } from "../../lib/config/pool_url.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import type { Sv2PoolFaults } from "../../lib/sim/sv2_pool/faults.ts";
import type { Sv2PoolOptions } from "../../lib/sim/sv2_pool/settings.ts";
import { SimSv2Pool } from "../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { checkPool, type CheckSettings } from "../support/check_rig.ts";
import { saying, silent, startProxy } from "../support/dialling.ts";
import { LoopbackServer, type Serve } from "../support/loopback_server.ts";
import { answersOf, StrictPool } from "../support/strict_pool.ts";

/** A short wait for what is not going to come; generous to a slow machine otherwise. */
const SHORT_MS = 5_000;

const HOUR_MS = 3_600_000;

/** Any key that is not the pool's. */
const OTHER_KEY = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";

function addressIn(text: string): PoolAddress {
  const result = parsePoolUrl(text);
  assert.ok(result.ok);
  const { host, port, authorityKey } = result.url;
  return { host, port, authorityKey };
}

function stable(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\w+ clock: /.test(line))
    .map((line) =>
      line.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME")
        .replaceAll(/clock is \d+ s/g, "clock is N s")
        .replace(/(prefix: )[0-9a-f]+,/, "$1HEX,")
    );
}

async function check(
  options: Sv2PoolOptions,
  settings: CheckSettings = {},
  faults: Partial<Sv2PoolFaults> = {},
  address: (pool: SimSv2Pool) => string = ({ url }) => url,
) {
  const pool = await SimSv2Pool.start({ difficulty: 1, sharesPerMinute: 0, ...options });
  try {
    pool.setFaults(faults);
    const checked = await checkPool(addressIn(address(pool)), { kind: "sv2", ...settings });
    return { ...checked, lines: stable(checked.lines), statistics: pool.statistics() };
  } finally {
    await pool.stop();
  }
}

const GOOD = 'ok directly: speaks Stratum V2, accepts user "acc"; connected in N ms, shook hands ' +
  "after N ms, channel after N ms, first job after N ms";
const PROVED = "ok proof: it has proved its authority key; certificate valid from TIME to TIME";
const NO_FLAGS = "ok flags: 0: no special rules";
const EIGHTEEN = "ok extranonce: 18 bytes: one connection holds every miner (up to 65535); " +
  "each miner rolls 4 of them";
const PREFIX =
  "ok prefix: HEX, in each job: miners do not see it, and need not reconnect if it changes";
const NAMES = 'ok workers: it sees one; with "workers": "each" it would see each by name';
const NO_NAMES = "ok workers: it sees one, and does not know worker names";
const MASK = "ok versions: mask 1fffe000";
const DIFFICULTY = "ok difficulty: 1 at first: shares below it are kept here: credited, not sent";

interface PoolCase {
  readonly name: string;
  readonly options?: Sv2PoolOptions;
  readonly settings?: CheckSettings;
  readonly faults?: Partial<Sv2PoolFaults>;
  readonly isUsable: boolean;
  readonly lines: readonly string[];
}

const POOLS: PoolCase[] = [
  {
    name: "a pool like the reference implementation's is well",
    isUsable: true,
    lines: [GOOD, PROVED, NO_FLAGS, EIGHTEEN, PREFIX, NAMES, MASK, DIFFICULTY],
  },
  {
    name: "a pool that is to see each worker by name says whether it will",
    settings: { workers: "each" },
    isUsable: true,
    lines: [
      GOOD,
      PROVED,
      NO_FLAGS,
      EIGHTEEN,
      PREFIX,
      "ok workers: each is seen by name",
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "a pool that leaves 6 bytes and has no prefix narrows all miners",
    options: { like: "braiins" },
    isUsable: true,
    lines: [
      GOOD,
      PROVED,
      NO_FLAGS,
      "ok extranonce: 6 bytes: one connection holds every miner (up to 65535); " +
      "each miner rolls 4 of them",
      "ok prefix: none",
      NO_NAMES,
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "a pool without names, which was to see each worker, is warned of",
    options: { extensions: [], refusesExtensions: false },
    settings: { workers: "each" },
    isUsable: true,
    lines: [
      GOOD,
      PROVED,
      NO_FLAGS,
      EIGHTEEN,
      PREFIX,
      "warning workers: it does not know the extension for worker names: it sees one worker -> " +
      "btcagent's own figures are by worker",
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "a pool that closes on the question for extensions is asked again without it",
    faults: { extensions: "close" },
    isUsable: true,
    lines: [GOOD, PROVED, NO_FLAGS, EIGHTEEN, PREFIX, NO_NAMES, MASK, DIFFICULTY],
  },
  {
    name: "an old pool that repeats our flags means nothing by it",
    options: { echoesFlags: true },
    isUsable: true,
    lines: [
      GOOD,
      PROVED,
      "ok flags: 4: those of the question, as old pools answer",
      EIGHTEEN,
      PREFIX,
      NAMES,
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "a pool that forbids other versions costs ASICBoost",
    faults: { setupFlags: 1 },
    isUsable: true,
    lines: [
      GOOD,
      PROVED,
      "ok flags: 1: no version rolling",
      EIGHTEEN,
      PREFIX,
      NAMES,
      "warning versions: no version rolling -> " +
      "miners cannot roll versions (ASICBoost) here: ask your pool",
      DIFFICULTY,
    ],
  },
  {
    name: "a pool that gives 3 bytes of extranonce cannot be shared by miners",
    options: { extranonceSize: 3, refusesLargeSizes: false },
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum V2, but: Cannot mine at this pool: it leaves 3 bytes for " +
      "extranonces, wanted 4 to 32, so that miners can share a connection -> " +
      "use another pool, or another port of it",
      PROVED,
    ],
  },
  {
    name: "a pool that refuses even 4 bytes is named with its words",
    faults: { openError: "min-extranonce-size-too-large" },
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum V2, but: Cannot mine at this pool: it answers " +
      '"min-extranonce-size-too-large" to 4 bytes of extranonce -> ' +
      "use another pool, or another port of it",
      PROVED,
    ],
  },
  {
    name: "a refused user comes with the pool's words",
    options: { accounts: ["other"] },
    isUsable: false,
    lines: [
      'failure directly: speaks Stratum V2, but: Cannot open a channel as "acc": the pool answers ' +
      '"unknown-user" -> check the user\'s name at the pool: some want a bitcoin address',
      PROVED,
    ],
  },
  {
    name: "a refused connection comes with the pool's words",
    faults: { setupError: "unsupported-protocol" },
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum V2, but: Cannot use this pool: it answers SetupConnection " +
      'with "unsupported-protocol" (flags 0) -> check that its port is for mining with Stratum V2',
      PROVED,
    ],
  },
  {
    name: "a pool without a job may have none at the moment",
    settings: { timeoutMs: SHORT_MS },
    faults: { silentFrom: "job" },
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum V2, but waited 5 s before it sent a job and its previous " +
      "hash -> it may have no work at the moment: try again, or ask your pool",
      PROVED,
    ],
  },
  {
    name: "a certificate signed by another authority than the one in the address is refused",
    options: { certificateFlaw: "authority" },
    isUsable: false,
    lines: [
      "failure directly: Cannot trust the pool: its certificate is not signed by the authority " +
      "whose key is in the pool's address -> compare the key with the one the pool publishes",
    ],
  },
  {
    name: "a certificate that ended an hour ago is refused with both clocks",
    options: { certificateAgeMs: 3 * HOUR_MS, certificateLifeMs: -HOUR_MS },
    isUsable: false,
    lines: [
      "failure directly: Cannot trust the pool: this machine's clock is N s off (it shows TIME), " +
      "or the pool's certificate ended at TIME -> set the clock, or tell the pool",
    ],
  },
  {
    name: "a certificate that begins in a minute is taken, and the clock is warned of",
    options: { certificateAgeMs: -60_000 },
    isUsable: true,
    lines: [
      GOOD,
      "warning proof: it has proved its authority key; certificate valid from TIME to TIME, but " +
      "this machine's clock is N s before that: up to 300 s are allowed -> " +
      "set this machine's clock, as with NTP, or tell the pool",
      NO_FLAGS,
      EIGHTEEN,
      PREFIX,
      NAMES,
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "damaged bytes in the handshake are not taken for a pool",
    faults: { act2: "garbled" },
    isUsable: false,
    lines: [
      "failure directly: Cannot open the key in the pool's answer to the Noise handshake: it speaks " +
      "no Stratum V2 on this port, or bytes were damaged on the way -> ask your pool",
    ],
  },
  {
    name: "half a handshake is said with its bytes",
    settings: { timeoutMs: 2_000 },
    faults: { act2: "half" },
    isUsable: false,
    lines: [
      "failure directly: no Stratum V2: waited 2 s after 117 of the 234 bytes of its handshake -> " +
      "check the port, and the network on the way",
    ],
  },
];
for (const { name, options = {}, settings, faults, isUsable, lines } of POOLS) {
  Deno.test(name, async () => {
    const checked = await check(options, settings, faults);
    assert.deepEqual(checked.lines, lines);
    assert.equal(checked.isUsable, isUsable);
  });
}

Deno.test("a pool that cannot roll versions at all is asked again without, and that is said", async () => {
  const { lines, isUsable } = await check({}, {}, {
    setupError: "unsupported-feature-flags",
    setupErrorFlags: 4,
  });
  assert.ok(!isUsable, "this pool refuses the second time, too");
  assert.match(lines[0]!, /it answers SetupConnection with "unsupported-feature-flags"/);
});

Deno.test("without its key a pool proves nothing, and check says INSECURE", async () => {
  const { lines, isUsable, rows } = await check(
    {},
    {},
    {},
    ({ hostname, port }) => `stratum2+tcp://${hostname}:${port}`,
  );
  assert.ok(isUsable);
  assert.equal(
    lines[1],
    "warning proof: INSECURE: its address has no authority key, so nothing proves who it is; its " +
      "certificate valid from TIME to TIME -> " +
      'add the key that the pool publishes to its address, and remove "insecure"',
  );
  const { values } = rows.find(({ subject }) => subject === "proof")!;
  assert.equal(values!["is_proved"], false);
  assert.equal(values!["skew_seconds"], 0);
});

Deno.test("another key in the address than the pool's is refused", async () => {
  const { lines, isUsable } = await check(
    {},
    {},
    {},
    ({ hostname, port }) => `stratum2+tcp://${hostname}:${port}/${OTHER_KEY}`,
  );
  assert.ok(!isUsable);
  assert.match(
    lines[0]!,
    /^failure directly: Cannot trust the pool: its certificate is not signed/,
  );
});

Deno.test("without a user no channel is opened, and that is said", async () => {
  const { lines, isUsable, statistics } = await check({}, { account: undefined });
  assert.deepEqual(lines, [
    "ok directly: speaks Stratum V2; connected in N ms, shook hands after N ms",
    PROVED,
    NO_FLAGS,
    "note channel: none opened, so extranonce, difficulty and jobs are not known: users come from " +
    "the miners' names -> try one with --account NAME",
  ]);
  assert.ok(isUsable);
  assert.equal(statistics.channels, 0);
});

Deno.test("check opens one channel, submits nothing and closes", async () => {
  const { statistics } = await check({});
  assert.equal(statistics.channels, 1);
  assert.equal(statistics.submits, 0);
  assert.deepEqual([...statistics.badBehaviour], []);
});

Deno.test("a Stratum V2 pool is reached through a proxy as well", async () => {
  const pool = await SimSv2Pool.start({ difficulty: 1, sharesPerMinute: 0 });
  try {
    const { host, port, authorityKey } = addressIn(pool.url);
    await using proxy = startProxy("socks5", { "pool.test:3336": { host, port } }, false);
    const { lines, isUsable } = await checkPool({ host: "pool.test", port: 3336, authorityKey }, {
      kind: "sv2",
      proxies: [`socks5://${proxy.hostPort}`],
    });
    assert.match(lines[0]!, /^ok through socks5:\/\/HERE: speaks Stratum V2, accepts user "acc";/);
    assert.ok(isUsable);
  } finally {
    await pool.stop();
  }
});

Deno.test("an ordinary Stratum pool on the port is found out, though it never answers Stratum V2", async () => {
  await using pool = new StrictPool({ answers: answersOf(8) });
  const address = { ...pool.address, authorityKey: "00".repeat(32) };
  const { lines, isUsable } = await checkPool(address, { kind: "sv2", timeoutMs: SHORT_MS });
  assert.deepEqual(lines, [
    "failure directly: no Stratum V2: it speaks ordinary Stratum on this port -> " +
    "use the pool's port for Stratum V2, or write stratum+tcp:// and leave out the key",
  ]);
  assert.ok(!isUsable);
});

const WANTS = "whether it wants TLS (stratum+ssl://) or ordinary Stratum (stratum+tcp://)";
const STRANGERS: [what: string, serve: Serve, line: string][] = [
  [
    "a web server",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    'failure directly: Cannot shake hands with this pool: it answers "HTTP/1.1 400 Bad Request" -> ' +
    "it speaks no Stratum V2 on this port",
  ],
  [
    "what speaks TLS",
    async (conn) => {
      await conn.read(new Uint8Array(1000));
      await conn.write(Uint8Array.of(0x15, 3, 1, 0, 2, 2, 40));
    },
    "failure directly: no Stratum V2: it speaks TLS -> " +
    "it may be a port for Stratum V1: write its address with stratum+ssl://",
  ],
  [
    "what closes",
    async (conn) => void await conn.read(new Uint8Array(1000)),
    "failure directly: connected in N ms, then the pool closed it at once without sending " +
    `anything -> check the port, ${WANTS}, and whether the pool blocks this address`,
  ],
  [
    "what is silent",
    silent,
    `failure directly: connected in N ms, then silence for 1.5 s -> check the port, and ${WANTS}`,
  ],
];
for (const [what, serve, line] of STRANGERS) {
  Deno.test(`${what} is no Stratum V2 pool, and why is said`, async () => {
    await using server = new LoopbackServer(serve);
    const { lines, isUsable } = await checkPool(server.address, {
      kind: "sv2",
      timeoutMs: 1_500,
    });
    assert.deepEqual(lines, [line]);
    assert.ok(!isUsable);
    await server.until(() => server.open === 0);
  });
}
