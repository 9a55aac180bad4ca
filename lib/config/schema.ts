/**
 * The configuration file, described once.
 *
 * Everything else is derived from `ConfigSchema`: the type, the defaults, the
 * checks, `conf/agent.schema.json` and the table of `conf/docs/configuration.md`
 * (`scripts/config_docs.ts`). Keys are spelled as in the file, which are the Go
 * and C++ agents' own; what is ours alone is in groups of ours (`tls`,
 * `vardiff`, `limits`, `outage`, `failover`, `status`, `workers`, `log`).
 *
 * Each value states in words what is `wanted` (metadata, so that an error can
 * say it) and what it is for (description). These keys have no default because
 * leaving them out means something of its own: `submit_response_from_server`,
 * `advanced.pool_connection_number_per_subaccount`,
 * `advanced.pool_connection_read_timeout_seconds`,
 * `advanced.tls_skip_certificate_verify`, `extranonce2_bytes`, `state_file`,
 * `vardiff.maximum`, `vardiff.fixed`, `limits.max_miners`, `status.listen` and
 * `workers.nominal_hashrate`.
 *
 * One long file: the types of its parts are valibot's, inferred, and could not be
 * written down where one module exports them to another.
 */

import * as v from "valibot";
import { WORKERS_SEEN } from "../base/pool_kind.ts";
import { HASHRATE_PATTERN, hashrateOf, HIGHEST_HASHRATE, WANTED_HASHRATE } from "./hashrate.ts";
import { HOST_PATTERN } from "./host.ts";
import {
  MAX_PASSWORD_LENGTH,
  MAX_POOLS,
  MAX_USER_LENGTH,
  NAME_PATTERN,
  PASSWORD_PATTERN,
  WANTED_PASSWORD,
  WANTED_USER,
} from "./pool_fields.ts";
import { MAX_POOL_URL_LENGTH, WANTED_POOL_URL } from "./pool_url.ts";

/** What the example files have where the operator's own name belongs, and what that is. */
export const PLACEHOLDERS: ReadonlyMap<string, string> = new Map([
  ["YourSubAccountName", "sub-account"],
  ["YourBitcoinAddress", "Bitcoin address"],
  ["YourUserName", "user name"],
]);

/** A value of a key with what the key is for. */
function about<const S extends v.GenericSchema>(what: string, schema: S) {
  return v.pipe(schema, v.description(what));
}

/** An object that holds `entries` and no other key. */
function group<const E extends v.ObjectEntries>(what: string, entries: E) {
  return v.pipe(
    v.strictObject(entries),
    v.metadata({ wanted: "an object in { }" }),
    v.description(what),
  );
}

function flag() {
  return v.pipe(v.boolean(), v.metadata({ wanted: "true or false" }));
}

/** A whole number from `min` to `max`; `what` names it with its unit. */
function wholeNumber(what: string, min: number, max: number) {
  return v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.metadata({ wanted: `${what} ${min}..${max}` }),
  );
}

function seconds(min: number, max: number) {
  return wholeNumber("a number of seconds", min, max);
}

function port() {
  return wholeNumber("a port number", 1, 65535);
}

/** Text of at most `max` UTF-16 units. */
function text(what: string, max: number) {
  return v.pipe(
    v.string(),
    v.maxLength(max),
    v.metadata({ wanted: `${what}, at most ${max} characters` }),
  );
}

/**
 * An address to connect to or to listen on; brackets around IPv6 are taken off.
 * What it is for comes before that: only what does can be said in JSON Schema.
 */
function host(what: string, wanted: string) {
  return v.pipe(
    v.string(),
    v.maxLength(255),
    v.regex(HOST_PATTERN),
    v.metadata({ wanted }),
    v.description(what),
    v.transform((address) => address.replace(/^\[|\]$/g, "")),
  );
}

function agentType(what: string) {
  return v.pipe(
    v.string(),
    v.regex(/^[Bb][Tt][Cc]$/),
    v.metadata({ wanted: '"btc"' }),
    v.description(what),
    v.transform((): "btc" => "btc"),
  );
}

/** One entry of `pools`, in words. */
const WANTED_POOL = '[host, port, sub-account] or { "url": …, "user": … }';

/** May be empty here: only single-user mode needs one (`pool_checks.ts`). */
function account() {
  return v.pipe(
    v.string(),
    v.maxLength(64),
    v.regex(NAME_PATTERN),
    v.metadata({ wanted: "a sub-account name without spaces, at most 64 characters" }),
  );
}

/** The old agents' form of a pool. */
const PoolTuple = v.pipe(
  v.strictTuple([
    host("Where the pool is.", 'a host name or IP address such as "us.ss.btc.com"'),
    about("The port of the pool.", port()),
    v.optional(about("Your sub-account there.", account())),
  ]),
  v.metadata({ wanted: WANTED_POOL }),
);

/** What is between the fields is for `pool_checks.ts`. */
const PoolObject = v.pipe(
  v.strictObject({
    url: about(
      "Where the pool is and what it speaks: stratum+tcp://host:port, or stratum+ssl:// (the same as stratum+tls://) with TLS, for any Stratum V1 pool; btcagent+tcp:// or btcagent+tls:// for a pool with the agent protocol; host:port alone to have that found out.",
      v.pipe(
        v.string(),
        v.maxLength(MAX_POOL_URL_LENGTH),
        v.metadata({ wanted: WANTED_POOL_URL }),
      ),
    ),
    user: v.optional(
      about(
        "The name to mine as: an account, a worker name or, at a solo pool, an address; the sub-account with the agent protocol. Left out in multi-user mode only, where miners' names say it.",
        v.pipe(
          v.string(),
          v.maxLength(MAX_USER_LENGTH),
          v.regex(NAME_PATTERN),
          v.metadata({ wanted: WANTED_USER }),
        ),
      ),
    ),
    password: v.optional(
      about(
        'The password, if the pool asks for one. Left out: "x".',
        v.pipe(
          v.string(),
          v.maxLength(MAX_PASSWORD_LENGTH),
          v.regex(PASSWORD_PATTERN),
          v.metadata({ wanted: WANTED_PASSWORD }),
        ),
      ),
    ),
    password_file: v.optional(
      about(
        "A file with the password in place of `password`; it is read again whenever the configuration is.",
        file(),
      ),
    ),
    workers: v.optional(
      about(
        'How many workers a Stratum pool sees: "one", all under `user`; "each", every worker as user.worker on shared connections; "connection", every worker on a connection of its own. Left out: "one".',
        v.pipe(
          v.picklist(WORKERS_SEEN),
          v.metadata({ wanted: '"one", "each" or "connection"' }),
        ),
      ),
    ),
    miners_per_connection: v.optional(
      about(
        "The most miners on one connection to a Stratum pool. Left out: as many as fit. With names of their own, 10 to 50 keep figures of single workers at the pool worth reading.",
        wholeNumber("a number of miners", 1, 65_535),
      ),
    ),
  }),
  v.metadata({ wanted: WANTED_POOL }),
);

/** Either form. Not a union, which could not say in which field of which form a mistake is. */
function pool() {
  return v.lazy((input) => isPlainObject(input) ? PoolObject : PoolTuple);
}

function isPlainObject(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** SHA-256 of a certificate; comes out as 64 lower-case digits. */
function fingerprint() {
  return v.pipe(
    v.string(),
    v.regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/),
    v.metadata({ wanted: "a SHA-256 fingerprint: 64 hex digits, with or without colons" }),
    v.transform((digits) => digits.replaceAll(":", "").toLowerCase()),
  );
}

/** Networks in CIDR notation; what is none is found by `cross_checks.ts`. */
function networks() {
  return v.pipe(
    v.array(text('a network such as "10.0.0.0/8"', 64)),
    v.maxLength(256),
    v.metadata({ wanted: "a list of at most 256 networks" }),
  );
}

/** The path of a file. */
function file() {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(4096),
    v.metadata({ wanted: "the path of a file" }),
  );
}

/** The highest difficulty there can be; what firmware can do ends there. */
const HIGHEST_DIFFICULTY = 2 ** 31;
/** As exponents: the lowest that a miner may come to, and, for load tests, one that any hash has. */
const LOWEST_EXPONENT = -20;
const LOWEST_FIXED_EXPONENT = -32;

const ListenTls = group(
  "If given, miners speak TLS at this port (stratum+ssl://), which takes about 43 KB of memory for each miner instead of 7 to 13. Both files are read again whenever the configuration is.",
  {
    cert_file: about(
      "The certificate in PEM, and behind it those of authorities in between.",
      file(),
    ),
    key_file: about("Its private key in PEM, not encrypted.", file()),
  },
);

const ListenVardiff = group(
  "The same as `vardiff`, for miners that connect to this port; what is left out is as there. Bounds or an aim of its own lift a fixed difficulty.",
  {
    shares_per_minute: v.optional(
      about(
        "How many shares a minute each miner should send.",
        wholeNumber("a number of shares", 1, 60),
      ),
    ),
    minimum: v.optional(about("The lowest difficulty of a miner.", difficulty())),
    maximum: v.optional(about("The highest difficulty of a miner.", difficulty())),
    fixed: v.optional(
      about(
        "The difficulty of every miner, at most the pool's.",
        difficulty(LOWEST_FIXED_EXPONENT),
      ),
    ),
  },
);

function listenAddress() {
  return group("One more address and port.", {
    address: host("The address; 0.0.0.0 is every IPv4 address.", 'an IP address such as "0.0.0.0"'),
    port: about("The port.", port()),
    tls: v.optional(ListenTls),
    vardiff: v.optional(ListenVardiff),
  });
}

function queueSize() {
  return about("Ignored.", wholeNumber("a number", 0, 2 ** 31 - 1));
}

const HttpDebug = group("The Go agent's keys for what `status` is here.", {
  enable: v.optional(
    about("Serve the status where `http_debug.listen` says, unless `status.listen` does.", flag()),
    false,
  ),
  listen: v.optional(
    about("Where, if enabled.", text("an address and port", 255)),
    "127.0.0.1:9999",
  ),
});

const Status = group("Metrics for Prometheus and a JSON API about everything here.", {
  listen: v.optional(
    about(
      "Where they are served, over HTTP; empty for nowhere. Left out: `http_debug.listen` if that is enabled, else 127.0.0.1:9999.",
      text("an IP address and port such as 127.0.0.1:9999", 255),
    ),
  ),
  token: v.optional(
    about(
      "If not empty, only requests with this bearer token are answered. Needed wherever other machines can ask.",
      v.pipe(
        v.string(),
        v.maxLength(256),
        v.regex(/^[\x21-\x7e]*$/),
        v.metadata({ wanted: "at most 256 ASCII characters without spaces" }),
      ),
    ),
    "",
  ),
  control: v.optional(
    about("Whether requests may change things; needs a token.", flag()),
    false,
  ),
  worker_series_max: v.optional(
    about(
      "How many workers get metrics of their own: the first in the order of their names; and how many of those in trouble are named, the worst first.",
      wholeNumber("a number of workers", 0, 65535),
    ),
    0,
  ),
});

/** Hashes a second, as a number or a text with a unit. */
function hashrate() {
  return v.pipe(
    v.union([
      v.pipe(v.number(), v.minValue(1), v.maxValue(HIGHEST_HASHRATE)),
      v.pipe(v.string(), v.regex(HASHRATE_PATTERN), v.transform(hashrateOf)),
    ]),
    v.metadata({ wanted: WANTED_HASHRATE }),
  );
}

const Workers = group("What is remembered and expected of workers.", {
  remember_hours: v.optional(
    about(
      "How long a worker that has no connection any more is shown as missing.",
      wholeNumber("a number of hours", 1, 168),
    ),
    24,
  ),
  nominal_hashrate: v.optional(
    about(
      'The hashrate the whole farm should have, as a number of hashes a second or as text such as "1.2 EH/s". Left out: only what the farm itself did in the last day is compared.',
      hashrate(),
    ),
  ),
});

const MessageQueueSize = group("Ignored, with a notice: there are no such queues here.", {
  session_manager: v.optional(queueSize()),
  pool_session_manager: v.optional(queueSize()),
  pool_session: v.optional(queueSize()),
  miner_session: v.optional(queueSize()),
});

const Advanced = group("Settings that seldom need a change.", {
  pool_connection_number_per_subaccount: v.optional(about(
    "Pool connections per sub-account, all in use. Left out: one in use and one warm spare to the next pool.",
    wholeNumber("a number of connections", 1, 255),
  )),
  pool_connection_dial_timeout_seconds: v.optional(
    about("How long connecting to a pool and its handshake may take.", seconds(1, 600)),
    15,
  ),
  pool_connection_read_timeout_seconds: v.optional(about(
    "Treat a pool as dead after this much silence. Left out: 60 for pools with the agent protocol, 120 for Stratum pools.",
    seconds(1, 3600),
  )),
  fake_job_notify_interval_seconds: v.optional(
    about("How often miners get a made-up job while no pool answers.", seconds(1, 3600)),
    30,
  ),
  tls_skip_certificate_verify: v.optional(
    about(
      "Accept any certificate of a pool, which is unsafe. Left out: certificates are verified.",
      flag(),
    ),
  ),
  message_queue_size: v.optional(MessageQueueSize),
  bitcoin_default_version_mask: v.optional(
    about(
      "Ignored: miners are always promised the version bits 0x1fffe000 (536862720), and told before their first job which of them the pool allows.",
      wholeNumber("a 32-bit mask", 0, 0xffffffff),
    ),
    0x1fffe000,
  ),
  share_batch_window_ms: v.optional(
    about(
      "How long shares are gathered under load, to be written to the pool together.",
      wholeNumber("a number of milliseconds", 0, 1000),
    ),
    40,
  ),
  io_engine: v.optional(
    about(
      "How miners' sockets are served: `libc` takes the least memory and is for Linux, with the FFI permission; `deno` runs anywhere; `auto` is `libc` where it is available.",
      v.pipe(
        v.picklist(["auto", "libc", "deno"]),
        v.metadata({ wanted: '"auto", "libc" or "deno"' }),
      ),
    ),
    "auto",
  ),
  reuse_port: v.optional(
    about(
      "Lets another btcagent with this setting listen on the same ports, so that a new one can take over from an old one.",
      flag(),
    ),
    false,
  ),
});

const Limits = group("What a miner may ask of this program.", {
  login_timeout_seconds: v.optional(
    about("Disconnect a miner that has not authorized within this time.", seconds(1, 600)),
    10,
  ),
  idle_timeout_seconds: v.optional(
    about("Disconnect a miner after this much silence.", seconds(10, 86400)),
    600,
  ),
  max_line_bytes: v.optional(
    about("The longest line a miner may send.", wholeNumber("a number of bytes", 1024, 65536)),
    8192,
  ),
  max_accounts: v.optional(
    about(
      "How many sub-accounts may be open at once in multi-user mode.",
      wholeNumber("a number of sub-accounts", 1, 65535),
    ),
    1000,
  ),
  new_accounts_per_minute_per_ip: v.optional(
    about(
      "How many sub-accounts that are not open the miners of one address may open in a minute in multi-user mode, at most 2 a second over all addresses; miners of others wait. 0 is no limit of its own.",
      wholeNumber("a number of sub-accounts", 0, 65535),
    ),
    10,
  ),
  max_miners: v.optional(
    about(
      "How many miners may be connected at once. Left out: as many as files may be open, less some for pools and logs. When all places are taken, a miner that has not logged in for a second makes room.",
      wholeNumber("a number of miners", 1, 65535),
    ),
  ),
  max_connections_per_ip: v.optional(
    about(
      "How many connections one address may have; 0 is any number. An IPv6 /64 counts as one address.",
      wholeNumber("a number of connections", 0, 65535),
    ),
    0,
  ),
  new_connections_per_second_per_ip: v.optional(
    about(
      "How many connections one address may open in a second; 0 is any number.",
      wholeNumber("a number of connections", 0, 65535),
    ),
    0,
  ),
  max_requests_per_second: v.optional(
    about(
      "A miner that sends more lines a second is disconnected; after a rest it may send five times as many at once. A line of more than 256 bytes counts as several. 0 is any number.",
      wholeNumber("a number of lines", 0, 100000),
    ),
    100,
  ),
  ban_after_violations: v.optional(
    about(
      "When this number of connections from one address broke the protocol within `ban_seconds`, its new connections have only 1 s to log in for the same time: of those that have started to by then, 10 at a time may take longer, 5 new ones a second. None is kept out. Trying TLS first, as bfgminer does at every connect, is no violation. 0 is never.",
      wholeNumber("a number of violations", 0, 65535),
    ),
    20,
  ),
  ban_seconds: v.optional(
    about("How long that lasts after the last time.", seconds(1, 86400)),
    60,
  ),
  allow: v.optional(
    about("If not empty, only miners from these networks are let in.", networks()),
    [],
  ),
  deny: v.optional(
    about("Miners from these networks are not let in, even if allowed.", networks()),
    [],
  ),
});

function difficulty(exponent = LOWEST_EXPONENT) {
  const lowest = 2 ** exponent;
  const digits = lowest.toFixed(exponent === LOWEST_EXPONENT ? 8 : 11);
  return v.pipe(
    v.number(),
    v.minValue(lowest),
    v.maxValue(HIGHEST_DIFFICULTY),
    v.metadata({
      wanted: `a difficulty from 2^${exponent} (${digits}) to 2^31 (${HIGHEST_DIFFICULTY})`,
    }),
  );
}

const Vardiff = group(
  "The difficulty of each miner at pools that leave it to this program (Stratum). It is never above the pool's own, unless more shares would come than the pool can be sent.",
  {
    shares_per_minute: v.optional(
      about(
        "How many shares a minute each miner should send. Only those that the pool counts go to the pool.",
        wholeNumber("a number of shares", 1, 60),
      ),
      10,
    ),
    minimum: v.optional(
      about(
        "The lowest difficulty of a miner, unless the pool's is lower or the miner asks for less.",
        difficulty(),
      ),
      1,
    ),
    maximum: v.optional(
      about("The highest difficulty of a miner. Left out: the pool's.", difficulty()),
    ),
    fixed: v.optional(
      about(
        "The difficulty of every miner, at most the pool's. Left out: as fits each miner.",
        difficulty(LOWEST_FIXED_EXPONENT),
      ),
    ),
    suggest_to_pool: v.optional(
      about(
        "Whether a pool is asked, at each connect, for a difficulty at which the miners together find a share in 3.3 seconds. Some pools do as they are asked, others ignore it. Nothing is asked before the hashrate is known.",
        flag(),
      ),
      false,
    ),
  },
);

const Tls = group("Whom to trust when TLS is spoken, to a pool or an https proxy.", {
  ca_file: v.optional(
    about(
      "A file with certificates, in PEM, of authorities to trust beside the well-known ones.",
      file(),
    ),
  ),
  certificate_sha256: v.optional(
    about(
      "Only a pool whose certificate has one of these fingerprints is accepted. It must be valid all the same, unless it is signed by itself or `advanced.tls_skip_certificate_verify` is true.",
      v.pipe(
        v.array(fingerprint()),
        v.maxLength(32),
        v.metadata({ wanted: "a list of at most 32 fingerprints" }),
      ),
    ),
    [],
  ),
});

const Outage = group("What happens while no pool answers.", {
  grace_seconds: v.optional(
    about(
      "How long miners are kept without a pool before they are disconnected.",
      seconds(0, 3600),
    ),
    30,
  ),
});

const Failover = group("When to change pools.", {
  return_after_seconds: v.optional(
    about(
      "How long a better pool must have been healthy before it is used again.",
      seconds(0, 86400),
    ),
    180,
  ),
  no_job_seconds: v.optional(
    about(
      "Leave a pool whose newest job is older than this while another pool sent one within the last minute; 0 is never.",
      seconds(0, 86400),
    ),
    180,
  ),
  all_refused_seconds: v.optional(
    about(
      "Leave a pool that refused at least 20 shares of several miners for one reason, and accepted none, over this time; 0 is never. Low difficulty is no such reason. A pool is left at most once in 10 minutes.",
      seconds(0, 86400),
    ),
    60,
  ),
  no_verdict_seconds: v.optional(
    about(
      "Leave a pool that judged no share since at least 20 were sent this long ago; 0 is never.",
      seconds(0, 86400),
    ),
    60,
  ),
  leave_on_payout_change: v.optional(
    about(
      "Leave a pool whose jobs do not pay an output any more that its earlier jobs paid. In any case the log says so.",
      flag(),
    ),
    false,
  ),
});

function logLevel() {
  return v.pipe(
    v.picklist(["debug", "info", "warning", "error"]),
    v.metadata({ wanted: '"debug", "info", "warning" or "error"' }),
  );
}

const LogLevels = group("Levels of single areas, where they are to differ from `log.level`.", {
  agent: v.optional(about("The program itself: start, stop, status server, log.", logLevel())),
  miner: v.optional(about("Miners that come and go, and what is wrong with them.", logLevel())),
  mux: v.optional(about("Sub-accounts.", logLevel())),
  pool: v.optional(about("Connections to the pools and the ways to them.", logLevel())),
});

const Log = group("What is logged, and how.", {
  level: v.optional(about("The least important lines that are still written.", logLevel()), "info"),
  levels: v.optional(LogLevels, {}),
  format: v.optional(
    about(
      "Lines for people (text), or one JSON object a line (json).",
      v.pipe(v.picklist(["text", "json"]), v.metadata({ wanted: '"text" or "json"' })),
    ),
    "text",
  ),
  max_file_bytes: v.optional(
    about(
      "With `-l`: a file that would grow longer becomes btcagent.1.log, the one before it btcagent.2.log, and so on.",
      wholeNumber("a number of bytes", 65536, 2 ** 40),
    ),
    10_000_000,
  ),
  max_files: v.optional(
    about(
      "With `-l`: how many files are kept, btcagent.log among them.",
      wholeNumber("a number of files", 2, 1000),
    ),
    5,
  ),
});

/**
 * The file as a whole: checks a value and fills in every default.
 *
 * @internal Its type is valibot's; read files with `readConfig`.
 */
export const ConfigSchema = group("btcagent's settings.", {
  $schema: v.optional(
    about("Lets an editor complete and check this file.", text("the schema's address", 1024)),
  ),
  multi_user_mode: v.optional(
    about(
      "Take the sub-account from each miner's name, not from `pools`.",
      flag(),
    ),
    false,
  ),
  agent_type: v.optional(agentType("The coin; Bitcoin only so far."), "btc"),
  always_keep_downconn: v.optional(
    about(
      "Keep miners busy with made-up jobs for as long as no pool answers.",
      flag(),
    ),
    false,
  ),
  disconnect_when_lost_asicboost: v.optional(
    about("Disconnect a miner that stopped rolling versions, so that it begins again.", flag()),
    true,
  ),
  use_ip_as_worker_name: v.optional(
    about("Name workers after their miners' IP addresses.", flag()),
    false,
  ),
  ip_worker_name_format: v.optional(
    about(
      "How an IP address becomes a worker name: of 10.1.2.3, {1} is 10 and {4} is 3.",
      text("a format such as {1}x{2}x{3}x{4}", 64),
    ),
    "{1}x{2}x{3}x{4}",
  ),
  fixed_worker_name: v.optional(
    about("If not empty, the name of every worker.", text("a worker name", 64)),
    "",
  ),
  submit_response_from_server: v.optional(about(
    "Answer a share with the pool's verdict (true), or with true at once (false). Left out: with the verdict, if the pool gives one.",
    flag(),
  )),
  agent_listen_ip: v.optional(
    host(
      "The address miners connect to; 0.0.0.0 is every IPv4 address of this machine.",
      'an IP address such as "0.0.0.0"',
    ),
    "0.0.0.0",
  ),
  agent_listen_port: v.optional(about("The port miners connect to.", port()), 3333),
  listen: v.optional(
    about(
      "More addresses and ports miners can connect to, with TLS where `tls` names a `cert_file` and a `key_file`.",
      v.pipe(
        v.array(listenAddress()),
        v.maxLength(64),
        v.metadata({ wanted: 'a list of at most 64, each { "address": "0.0.0.0", "port": 3334 }' }),
      ),
    ),
    [],
  ),
  proxy: v.optional(
    about(
      "Proxies to reach the pools through, all tried at once: socks5://user:password@host:port, http://…, https://…, or system for the one of ALL_PROXY, HTTPS_PROXY and NO_PROXY.",
      v.pipe(
        v.array(text("the address of a proxy", 1024)),
        v.maxLength(32),
        v.metadata({ wanted: "a list of at most 32 proxy addresses" }),
      ),
    ),
    [],
  ),
  use_proxy: v.optional(about("Whether `proxy` is used.", flag()), true),
  direct_connect_with_proxy: v.optional(
    about("Try a direct connection at the same time as the proxies.", flag()),
    false,
  ),
  direct_connect_after_proxy: v.optional(
    about("Connect directly once every proxy has failed.", flag()),
    true,
  ),
  pool_use_tls: v.optional(
    about("Speak TLS to the pools whose entry does not say so by a scheme.", flag()),
    false,
  ),
  pools: about(
    'The pools, best first, each with the name to mine as: [host, port, sub-account] as in the old agents, or { "url": "stratum+tcp://host:port", "user": …, "password": … }. Both forms, and all kinds of pools, may be in one list.',
    v.pipe(
      v.array(pool()),
      v.minLength(1),
      v.maxLength(MAX_POOLS),
      v.metadata({ wanted: `a list of 1..${MAX_POOLS} pools, each ${WANTED_POOL}` }),
    ),
  ),
  extranonce2_bytes: v.optional(about(
    "How many bytes of extranonce2 miners get. Set it to 2 only if you know that all of your miners work with that. Left out: 4, or 3 where a pool has no room for 4.",
    wholeNumber("a number of bytes", 2, 4),
  )),
  vardiff: v.optional(Vardiff, {}),
  verify: v.optional(
    about(
      "Which shares for pools of the agent protocol are hashed here as well, to find verdicts that are wrong: none (off), about one in 64 (sample), or all. The log and `contradicted` say when pool and btcagent differ. Of Stratum pools all are checked anyway.",
      v.pipe(
        v.picklist(["off", "sample", "all"]),
        v.metadata({ wanted: '"off", "sample" or "all"' }),
      ),
    ),
    "off",
  ),
  use_iocp: v.optional(
    about("Ignored, with a notice: a switch of the C++ agent on Windows.", flag()),
  ),
  pid_file: v.optional(about(
    "Where the process id is written, for `btcagent reload`. Left out: nowhere.",
    file(),
  )),
  state_file: v.optional(about(
    "Where it is kept across restarts how much room each pool leaves for miners, so that they get extranonces that fit every pool also while no pool answers. Left out: nowhere.",
    file(),
  )),
  http_debug: v.optional(HttpDebug, {}),
  advanced: v.optional(Advanced, {}),
  tls: v.optional(Tls, {}),
  limits: v.optional(Limits, {}),
  outage: v.optional(Outage, {}),
  failover: v.optional(Failover, {}),
  status: v.optional(Status, {}),
  workers: v.optional(Workers, {}),
  log: v.optional(Log, {}),
});

/**
 * A checked configuration with every default filled in; names are the file's
 * own. A key that may still be `undefined` was left out of the file, and leaving
 * it out means something of its own. IPv6 addresses come without brackets.
 */
export type Config = NonNullable<(typeof ConfigSchema)["~types"]>["output"];

/**
 * One pool of a configuration, as it is written: host, port and, in single-user mode, sub-account;
 * or an object, whose password is that of its `password_file` once that was read.
 */
export type PoolEntry = Config["pools"][number];
