/**
 * The configuration file, described once.
 *
 * Everything else is derived from `ConfigSchema`: the type, the defaults, the checks,
 * `conf/agent.schema.json` and the table of `conf/docs/configuration.md`
 * (`scripts/config_docs.ts`). Keys are spelled as the Go and C++ agents spell them in their files;
 * settings that only we have are in groups of our own (`tls`, `vardiff`, `limits`, `outage`,
 * `failover`, `status`, `workers`, `history`, `notify`, `log`).
 *
 * Each value says in words what is `wanted` (metadata, for error messages) and what it is for
 * (description). These keys have no default, because leaving them out has a meaning of its own:
 * `submit_response_from_server`, `advanced.pool_connection_number_per_subaccount`,
 * `advanced.pool_connection_read_timeout_seconds`, `advanced.tls_skip_certificate_verify`,
 * `extranonce2_bytes`, `state_file`, `agent_listen_proxy_protocol`, `vardiff.maximum`, `vardiff.fixed`, `limits.max_miners`,
 * `status.listen` and `workers.nominal_hashrate`.
 *
 * This is one long file because valibot infers the types of its parts: they could not be written
 * down where one module exports them to another.
 */

import * as v from "valibot";
import { WORKERS_SEEN } from "../base/pool_kind.ts";
import { MAX_TOKEN_LENGTH, TOKEN_PATTERN, WANTED_TOKEN } from "./bearer_token.ts";
import { HASHRATE_PATTERN, hashrateOf, HIGHEST_HASHRATE, WANTED_HASHRATE } from "./hashrate.ts";
import { HOST_PATTERN } from "./host.ts";
import { NotifySchema } from "./notify_schema.ts";
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
import { about, file, flag, group, seconds, text, variable, wholeNumber } from "./schema_parts.ts";

/**
 * What the example files have in place of the operator's own name → the kind of name it stands for.
 */
export const PLACEHOLDERS: ReadonlyMap<string, string> = new Map([
  ["YourSubAccountName", "sub-account"],
  ["YourBitcoinAddress", "Bitcoin address"],
  ["YourUserName", "user name"],
]);

function port() {
  return wholeNumber("a port number", 1, 65535);
}

/**
 * An address to connect to or to listen on; brackets around IPv6 are removed. The description comes
 * before that step, since JSON Schema shows only what comes before it.
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

/** A sub-account. May be empty here: only single-user mode needs one (`pool_checks.ts`). */
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
    host(
      "The host name or IP address of the pool.",
      'a host name or IP address such as "us.ss.btc.com"',
    ),
    about("The port of the pool.", port()),
    v.optional(about("Your sub-account at the pool.", account())),
  ]),
  v.metadata({ wanted: WANTED_POOL }),
);

/** A pool as an object. `pool_checks.ts` checks what depends on several fields. */
const PoolObject = v.pipe(
  v.strictObject({
    url: about(
      "The address of the pool and its protocol. Any Stratum V1 pool: stratum+tcp://host:port, or with TLS stratum+ssl:// (the same as stratum+tls://). Stratum V2: stratum2+tcp://host:port/AUTHORITY_KEY, with the key that the pool publishes. A pool with the agent protocol: btcagent+tcp:// or btcagent+tls://. With host:port alone, btcagent finds out whether it is an agent or a Stratum V1 pool.",
      v.pipe(
        v.string(),
        v.maxLength(MAX_POOL_URL_LENGTH),
        v.metadata({ wanted: WANTED_POOL_URL }),
      ),
    ),
    user: v.optional(
      about(
        "The name to mine as: an account, a worker name or, at a solo pool, a Bitcoin address; with the agent protocol, the sub-account. Leave it out only in multi-user mode, which takes it from the miners' names.",
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
        'The password, if the pool asks for one; Stratum V2 has none. Left out: "x".',
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
        "A file that contains the password; use it in place of `password`. A reload reads the file again.",
        file(),
      ),
    ),
    workers: v.optional(
      about(
        'How many workers the pool sees; agent pools see all. "one": all miners as `user`; "each": every worker by name, on shared connections (at a Stratum V2 pool, if it knows that extension); "connection": every worker on a connection of its own, only at Stratum V1 pools. Left out: "one".',
        v.pipe(
          v.picklist(WORKERS_SEEN),
          v.metadata({ wanted: '"one", "each" or "connection"' }),
        ),
      ),
    ),
    miners_per_connection: v.optional(
      about(
        'The most miners on one connection, except to agent pools. Left out: as many as fit. With `workers` "each", use 10 to 50, so that the figures of single workers at the pool are worth reading.',
        wholeNumber("a number of miners", 1, 65_535),
      ),
    ),
    insecure: v.optional(
      about(
        "Connect to a Stratum V2 pool without its authority key (unsafe): nothing proves that it is the pool, so anyone on the way can take the shares. Each start warns of it. Left out: an address without a key is refused.",
        flag(),
      ),
    ),
  }),
  v.metadata({ wanted: WANTED_POOL }),
);

/** A pool in either form. Not a union, whose errors could not name the field with the mistake. */
function pool() {
  return v.lazy((input) => isPlainObject(input) ? PoolObject : PoolTuple);
}

function isPlainObject(input: unknown): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input);
}

/** The SHA-256 of a certificate; the result has 64 lower-case digits. */
function fingerprint() {
  return v.pipe(
    v.string(),
    v.regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/),
    v.metadata({ wanted: "a SHA-256 fingerprint: 64 hex digits, with or without colons" }),
    v.transform((digits) => digits.replaceAll(":", "").toLowerCase()),
  );
}

/** Networks in CIDR notation; `cross_checks.ts` finds entries that are not networks. */
function networks() {
  return v.pipe(
    v.array(text('a network such as "10.0.0.0/8"', 64)),
    v.maxLength(256),
    v.metadata({ wanted: "a list of at most 256 networks" }),
  );
}

/** The highest difficulty: firmware cannot do more. */
const HIGHEST_DIFFICULTY = 2 ** 31;
/**
 * Exponents of the lowest difficulty of a miner and, for load tests, of one that any hash meets.
 */
const LOWEST_EXPONENT = -20;
const LOWEST_FIXED_EXPONENT = -32;

const ListenTls = group(
  "If given, miners speak TLS at this port (stratum+ssl://). Each of them then takes about 43 KB of memory instead of 7 to 13 KB. A reload reads both files again.",
  {
    cert_file: about(
      "The certificate in PEM, followed by those of intermediate authorities.",
      file(),
    ),
    key_file: about("The private key of the certificate in PEM, not encrypted.", file()),
  },
);

const ListenVardiff = group(
  "As `vardiff`, for miners that connect to this port. A key that is left out has its value from `vardiff`. If this port has its own bounds or shares per minute, a fixed difficulty from `vardiff` does not apply to it.",
  {
    shares_per_minute: v.optional(
      about(
        "How many shares a minute each miner should send.",
        wholeNumber("a number of shares", 1, 60),
      ),
    ),
    minimum: v.optional(about("The lowest difficulty a miner gets.", difficulty())),
    maximum: v.optional(about("The highest difficulty a miner gets.", difficulty())),
    fixed: v.optional(
      about(
        "The difficulty of every miner, at most the pool's.",
        difficulty(LOWEST_FIXED_EXPONENT),
      ),
    ),
  },
);

function proxyProtocol(port: string) {
  return group(
    `If given, ${port} is behind load balancers that send the PROXY protocol, version 1 or 2, and a miner's own address counts. Miners that connect directly may use the port, too.`,
    {
      trusted: about(
        "The networks of the load balancers. A connection from there must begin with a PROXY header; from anywhere else a header breaks the protocol.",
        v.pipe(
          v.array(text('a network such as "10.0.0.5/32"', 64)),
          v.minLength(1),
          v.maxLength(256),
          v.metadata({ wanted: "a list of 1..256 networks" }),
        ),
      ),
    },
  );
}

function listenAddress() {
  return group("One more address and port.", {
    address: host("The address; 0.0.0.0 is every IPv4 address.", 'an IP address such as "0.0.0.0"'),
    port: about("The port.", port()),
    tls: v.optional(ListenTls),
    vardiff: v.optional(ListenVardiff),
    proxy_protocol: v.optional(proxyProtocol("this port")),
  });
}

function queueSize() {
  return about("Ignored.", wholeNumber("a number", 0, 2 ** 31 - 1));
}

const HttpDebug = group(
  "The Go agent's keys for the status server; btcagent's own are in `status`.",
  {
    enable: v.optional(
      about("Serve the status at `http_debug.listen`, unless `status.listen` is given.", flag()),
      false,
    ),
    listen: v.optional(
      about(
        "Address and port of the status server when `http_debug.enable` is true.",
        text(
          "an address and port",
          255,
        ),
      ),
      "127.0.0.1:9999",
    ),
  },
);

/** A bearer token of the status server. */
function token() {
  return v.pipe(
    v.string(),
    v.maxLength(MAX_TOKEN_LENGTH),
    v.regex(TOKEN_PATTERN),
    v.metadata({ wanted: WANTED_TOKEN }),
  );
}

const Status = group("The status server: the live page, a JSON API and metrics for Prometheus.", {
  listen: v.optional(
    about(
      "Address and port of the status server (HTTP); empty for no status server. Left out: `http_debug.listen` if `http_debug.enable` is true, else 127.0.0.1:9999.",
      text("an IP address and port such as 127.0.0.1:9999", 255),
    ),
  ),
  token: v.optional(
    about(
      "If not empty, only requests with this bearer token, or with `read_token`, are answered. One of the two is required if other machines can reach the status server.",
      token(),
    ),
    "",
  ),
  token_file: v.optional(
    about("A file that contains the token; use it in place of `token`.", file()),
  ),
  token_env: v.optional(
    about(
      "A variable of the environment that has the token; use it in place of `token`.",
      variable("BTCAGENT_TOKEN"),
    ),
  ),
  read_token: v.optional(
    about(
      "A second bearer token that only reads: with it no request can change anything.",
      token(),
    ),
    "",
  ),
  read_token_file: v.optional(
    about("A file that contains the second token; use it in place of `read_token`.", file()),
  ),
  read_token_env: v.optional(
    about(
      "A variable of the environment that has the second token; use it in place of `read_token`.",
      variable("BTCAGENT_READ_TOKEN"),
    ),
  ),
  control: v.optional(
    about("Allow requests that change something (needs `token`).", flag()),
    false,
  ),
  worker_series_max: v.optional(
    about(
      "How many workers get metrics of their own, the first in the order of their names. The same number of workers in trouble are named, the worst first.",
      wholeNumber("a number of workers", 0, 65535),
    ),
    0,
  ),
});

/** A hashrate: hashes a second as a number, or text with a unit. */
function hashrate() {
  return v.pipe(
    v.union([
      v.pipe(v.number(), v.minValue(1), v.maxValue(HIGHEST_HASHRATE)),
      v.pipe(v.string(), v.regex(HASHRATE_PATTERN), v.transform(hashrateOf)),
    ]),
    v.metadata({ wanted: WANTED_HASHRATE }),
  );
}

const Workers = group("How long workers are remembered, and what hashrate is expected.", {
  remember_hours: v.optional(
    about(
      "How long a worker without a connection is shown as missing.",
      wholeNumber("a number of hours", 1, 168),
    ),
    24,
  ),
  nominal_hashrate: v.optional(
    about(
      'The hashrate the whole farm should have: a number of hashes a second, or text such as "1.2 EH/s". Left out: the farm is compared only with its own last day.',
      hashrate(),
    ),
  ),
});

const History = group(
  "What every worker, pool and sub-account did, kept on disk: the charts of days and weeks. Changes take effect after a restart.",
  {
    path: v.optional(
      about(
        "The file to keep it in; empty for none. Its folder must be writable, on a local disk, and for this process only. Two more files that end in -wal and -shm are beside it.",
        text("the path of a file", 4096),
      ),
      "",
    ),
    days: v.optional(
      about(
        "How many days of it are kept. 10,000 workers take about 6 MB a day.",
        wholeNumber("a number of days", 1, 365),
      ),
      30,
    ),
    events_days: v.optional(
      about(
        "How many days events such as outages and failovers are kept.",
        wholeNumber("a number of days", 1, 3660),
      ),
      365,
    ),
  },
);

const MessageQueueSize = group("Ignored, with a notice: btcagent has no such queues.", {
  session_manager: v.optional(queueSize()),
  pool_session_manager: v.optional(queueSize()),
  pool_session: v.optional(queueSize()),
  miner_session: v.optional(queueSize()),
});

const Advanced = group("Settings that rarely need a change.", {
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
    about("The seconds between made-up jobs for miners while no pool answers.", seconds(1, 3600)),
    30,
  ),
  tls_skip_certificate_verify: v.optional(
    about(
      "Accept any certificate from a pool (unsafe). Left out: certificates are verified.",
      flag(),
    ),
  ),
  message_queue_size: v.optional(MessageQueueSize),
  bitcoin_default_version_mask: v.optional(
    about(
      "Ignored: btcagent always offers miners the version bits 0x1fffe000 (536862720), and tells them before their first job which of these the pool allows.",
      wholeNumber("a 32-bit mask", 0, 0xffffffff),
    ),
    0x1fffe000,
  ),
  share_batch_window_ms: v.optional(
    about(
      "Under load, collect shares for this long and write them to the pool together.",
      wholeNumber("a number of milliseconds", 0, 1000),
    ),
    40,
  ),
  io_engine: v.optional(
    about(
      "How miners' sockets are served: `libc` takes the least memory and needs Linux and the FFI permission; `deno` runs anywhere; `auto` is `libc` where available, else `deno`.",
      v.pipe(
        v.picklist(["auto", "libc", "deno"]),
        v.metadata({ wanted: '"auto", "libc" or "deno"' }),
      ),
    ),
    "auto",
  ),
  reuse_port: v.optional(
    about(
      "Let another btcagent with this setting listen on the same ports, so that a new process can take over from an old one.",
      flag(),
    ),
    false,
  ),
});

const Limits = group("Limits on what a miner may do.", {
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
      "How many sub-accounts that are not open yet the miners of one address may open in a minute in multi-user mode; miners of further sub-accounts wait. All addresses together may open 2 a second. 0: no limit for one address.",
      wholeNumber("a number of sub-accounts", 0, 65535),
    ),
    10,
  ),
  max_miners: v.optional(
    about(
      "How many miners may be connected at once. Left out: the limit of open files, less some for pools and logs. When all places are taken, the next miner takes the place of one that has not logged in within a second.",
      wholeNumber("a number of miners", 1, 65535),
    ),
  ),
  max_connections_per_ip: v.optional(
    about(
      "How many connections one address may have; 0: any number. An IPv6 /64 counts as one address.",
      wholeNumber("a number of connections", 0, 65535),
    ),
    0,
  ),
  new_connections_per_second_per_ip: v.optional(
    about(
      "How many connections one address may open in a second; 0: any number.",
      wholeNumber("a number of connections", 0, 65535),
    ),
    0,
  ),
  max_requests_per_second: v.optional(
    about(
      "Disconnect a miner that sends more lines a second than this; after a pause it may send five times this number at once. A line of more than 256 bytes counts as several. 0: any number.",
      wholeNumber("a number of lines", 0, 100000),
    ),
    100,
  ),
  ban_after_violations: v.optional(
    about(
      "After this number of connections from one address have broken the protocol within `ban_seconds`, new connections from it get only 1 s to log in, for `ban_seconds`. Of those that have started a login by then, 10 at a time may take longer, 5 new ones a second. No miner is kept out. Trying TLS first, as bfgminer does at every connect, is not a violation. 0: never.",
      wholeNumber("a number of violations", 0, 65535),
    ),
    20,
  ),
  ban_seconds: v.optional(
    about("How long such an address is slowed down after its last violation.", seconds(1, 86400)),
    60,
  ),
  allow: v.optional(
    about("If not empty, only miners from these networks may connect.", networks()),
    [],
  ),
  deny: v.optional(
    about("Miners from these networks may not connect, even if `allow` has them.", networks()),
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
  "The difficulty of each miner at Stratum pools, which leave it to btcagent. It is above the pool's own only if the farm would otherwise send the pool too many shares.",
  {
    shares_per_minute: v.optional(
      about(
        "How many shares a minute each miner should send. Only shares that the pool counts are sent to it.",
        wholeNumber("a number of shares", 1, 60),
      ),
      10,
    ),
    minimum: v.optional(
      about(
        "The lowest difficulty a miner gets, unless the pool's is lower or the miner asks for less.",
        difficulty(),
      ),
      1,
    ),
    maximum: v.optional(
      about("The highest difficulty a miner gets. Left out: the pool's.", difficulty()),
    ),
    fixed: v.optional(
      about(
        "The difficulty of every miner, at most the pool's. Left out: btcagent finds one for each miner.",
        difficulty(LOWEST_FIXED_EXPONENT),
      ),
    ),
    suggest_to_pool: v.optional(
      about(
        "Ask a pool, at each connect, for a difficulty at which the whole farm finds a share every 3.3 seconds. Some pools follow, others ignore it. btcagent asks once it knows the farm's hashrate.",
        flag(),
      ),
      false,
    ),
  },
);

const Tls = group("Which certificates to trust for TLS to a pool or an https proxy.", {
  ca_file: v.optional(
    about(
      "A PEM file with the certificates of authorities to trust in addition to the well-known ones.",
      file(),
    ),
  ),
  certificate_sha256: v.optional(
    about(
      "If not empty, accept a pool only if its certificate has one of these fingerprints. The certificate must also be valid, unless it is self-signed or `advanced.tls_skip_certificate_verify` is true.",
      v.pipe(
        v.array(fingerprint()),
        v.maxLength(32),
        v.metadata({ wanted: "a list of at most 32 fingerprints" }),
      ),
    ),
    [],
  ),
});

const Outage = group("What to do while no pool answers.", {
  grace_seconds: v.optional(
    about(
      "Without a pool, disconnect the miners after this time.",
      seconds(0, 3600),
    ),
    30,
  ),
});

const Failover = group("When to change pools.", {
  return_after_seconds: v.optional(
    about("Return to a better pool after it has been healthy for this long.", seconds(0, 86400)),
    180,
  ),
  no_job_seconds: v.optional(
    about(
      "Leave a pool whose newest job is older than this while another pool sent one within the last minute; 0: never.",
      seconds(0, 86400),
    ),
    180,
  ),
  all_refused_seconds: v.optional(
    about(
      "Leave a pool that, for this long, rejected at least 20 shares of several miners for one reason and accepted none; 0: never. Low difficulty does not count as such a reason. A pool is left at most once in 10 minutes.",
      seconds(0, 86400),
    ),
    60,
  ),
  no_verdict_seconds: v.optional(
    about(
      "Leave a pool that was sent at least 20 shares this long ago and has judged none since; 0: never.",
      seconds(0, 86400),
    ),
    60,
  ),
  leave_on_payout_change: v.optional(
    about(
      "Leave a pool whose jobs stop paying an output that its earlier jobs paid. The log warns in any case.",
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

const LogLevels = group("Levels of single areas that differ from `log.level`.", {
  agent: v.optional(about("The program itself: start, stop, status server, log.", logLevel())),
  miner: v.optional(
    about("Miners that connect and disconnect, and what is wrong with them.", logLevel()),
  ),
  mux: v.optional(about("Sub-accounts.", logLevel())),
  pool: v.optional(about("Connections to the pools, and proxies on the way.", logLevel())),
});

const Log = group("What is logged, and how.", {
  level: v.optional(about("The least important lines to write.", logLevel()), "info"),
  levels: v.optional(LogLevels, {}),
  format: v.optional(
    about(
      "Lines for people (text), or one JSON object per line (json).",
      v.pipe(v.picklist(["text", "json"]), v.metadata({ wanted: '"text" or "json"' })),
    ),
    "text",
  ),
  max_file_bytes: v.optional(
    about(
      "With `-l`: rename a file that would grow longer than this to btcagent.1.log, the one before it to btcagent.2.log, and so on.",
      wholeNumber("a number of bytes", 65536, 2 ** 40),
    ),
    10_000_000,
  ),
  max_files: v.optional(
    about(
      "With `-l`: how many files are kept, including btcagent.log.",
      wholeNumber("a number of files", 2, 1000),
    ),
    5,
  ),
});

/**
 * The whole file: checks a value and fills in every default.
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
    about("Disconnect a miner that stopped rolling versions, so that it logs in again.", flag()),
    true,
  ),
  use_ip_as_worker_name: v.optional(
    about("Name each worker after its miner's IP address.", flag()),
    false,
  ),
  ip_worker_name_format: v.optional(
    about(
      "How an IP address becomes a worker name: for 10.1.2.3, {1} is 10 and {4} is 3.",
      text("a format such as {1}x{2}x{3}x{4}", 64),
    ),
    "{1}x{2}x{3}x{4}",
  ),
  fixed_worker_name: v.optional(
    about("If not empty, every worker gets this name.", text("a worker name", 64)),
    "",
  ),
  submit_response_from_server: v.optional(about(
    'Answer a share with the pool\'s verdict (true), or with "accepted" at once (false). Left out: with the verdict, if the pool gives one.',
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
  agent_listen_proxy_protocol: v.optional(proxyProtocol("`agent_listen_port`")),
  listen: v.optional(
    about(
      "More addresses and ports that miners can connect to. An entry with `tls`, which names a `cert_file` and a `key_file`, speaks TLS.",
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
      "Proxies to reach the pools through, all tried at once: socks5://user:password@host:port, http://…, https://…, or system for the one that the environment names (ALL_PROXY, HTTPS_PROXY; NO_PROXY makes exceptions).",
      v.pipe(
        v.array(text("the address of a proxy", 1024)),
        v.maxLength(32),
        v.metadata({ wanted: "a list of at most 32 proxy addresses" }),
      ),
    ),
    [],
  ),
  use_proxy: v.optional(about("Use the proxies in `proxy`.", flag()), true),
  direct_connect_with_proxy: v.optional(
    about("Try a direct connection at the same time as the proxies.", flag()),
    false,
  ),
  direct_connect_after_proxy: v.optional(
    about("Connect directly once every proxy has failed.", flag()),
    true,
  ),
  pool_use_tls: v.optional(
    about("Speak TLS to the pools whose entry has no scheme that decides it.", flag()),
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
    "How many bytes of extranonce2 miners get. Set 2 only if you know that all of your miners work with it. Left out: 4, or 3 if a pool has no room for 4.",
    wholeNumber("a number of bytes", 2, 4),
  )),
  vardiff: v.optional(Vardiff, {}),
  verify: v.optional(
    about(
      "Which shares for pools with the agent protocol btcagent also hashes itself, to find wrong verdicts: none (off), about one in 64 (sample), or all. The log and `contradicted` show where pool and btcagent disagree. Shares for Stratum pools are always checked.",
      v.pipe(
        v.picklist(["off", "sample", "all"]),
        v.metadata({ wanted: '"off", "sample" or "all"' }),
      ),
    ),
    "off",
  ),
  use_iocp: v.optional(
    about("Ignored, with a notice: an option of the C++ agent for Windows.", flag()),
  ),
  pid_file: v.optional(about(
    "The file to write the process id to, for `btcagent reload`. Left out: none.",
    file(),
  )),
  state_file: v.optional(about(
    "The file that remembers across restarts how much room each pool leaves for extranonces. Miners then get extranonces that fit every pool even while no pool answers. Left out: none.",
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
  history: v.optional(History, {}),
  notify: v.optional(NotifySchema, {}),
  log: v.optional(Log, {}),
});

/**
 * A checked configuration with every default filled in; names are those of the file. A key that may
 * still be `undefined` was left out of the file, which has a meaning of its own. IPv6 addresses
 * have no brackets.
 */
export type Config = NonNullable<(typeof ConfigSchema)["~types"]>["output"];

/**
 * One pool of a configuration, as it is written: host, port and, in single-user mode, sub-account;
 * or an object. Its password is that of its `password_file` once that has been read.
 */
export type PoolEntry = Config["pools"][number];
