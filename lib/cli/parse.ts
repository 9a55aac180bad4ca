/**
 * What a command line means. Pure: it reads no files and prints nothing.
 */

import type { GivenPools } from "../config/given_pools.ts";
import { nearestWord } from "../config/nearest_word.ts";
import {
  isPassword,
  isUser,
  MAX_POOLS,
  WANTED_PASSWORD,
  WANTED_USER,
} from "../config/pool_fields.ts";
import {
  MAX_POOL_URL_LENGTH,
  parsePoolUrl,
  WANTED_AUTHORITY_KEY,
  WANTED_POOL_URL,
} from "../config/pool_url.ts";
import { quote } from "../config/problem.ts";
import {
  type Command,
  DEMO_POOLS,
  HELP_TOPICS,
  type HelpTopic,
  HISTORY_TABLES,
  SHELLS,
  SIMULATED_KINDS,
  SIMULATED_SERVERS,
  SIMULATED_SV2_POOLS,
  type SimulatedPoolOptions,
  type WatchOptions,
} from "./command.ts";
import { COMMAND_WORDS, HELP_WORDS } from "./commands.ts";
import { demoFaults, faultsOf } from "./faults.ts";
import {
  addressOf,
  didYouMean,
  everyOption,
  findOption,
  Misuse,
  namesOf,
  numberOf,
  parseOptions,
  textOf,
  wholeOf,
  wordOf,
} from "./given.ts";
import {
  CHECK_OPTIONS,
  CONFIG_OPTIONS,
  DEMO_OPTIONS,
  GLOG_OPTIONS,
  HISTORY_OPTIONS,
  MINERS_OPTIONS,
  NOTIFY_OPTIONS,
  POOL_OPTIONS,
  RELOAD_OPTIONS,
  RUN_OPTIONS,
  STATUS_OPTIONS,
  TOP_OPTIONS,
} from "./options.ts";

/** What `argv`, the arguments after the program's name, asks for. Never throws. */
export function parseArguments(argv: readonly string[]): Command {
  try {
    const [first, ...rest] = argv;
    if (first === undefined || first.startsWith("-")) return parseRun(argv);
    switch (first) {
      case "run":
        return parseRun(rest);
      case "check":
        return parseCheck(rest);
      case "reload":
        return parseReload(rest);
      case "status":
        return parseStatus(rest);
      case "top":
        return parseTop(rest);
      case "config":
        return parseConfig(rest);
      case "notify":
        return parseNotify(rest);
      case "history":
        return parseHistory(rest);
      case "completions":
        return parseCompletions(rest);
      case "demo":
        return parseDemo(rest);
      case "simulate":
        return parseSimulate(rest);
      case "help":
        return parseHelp(rest);
      case "version":
        return askedInstead(parseOptions(rest, []), undefined) ?? { kind: "version" };
    }
    throw new Misuse(
      `Unknown command ${quote(first)}${didYouMean(nearestWord(first, COMMAND_WORDS))}` +
        (/^[\w/-]*\.[\w./-]+$/.test(first) ? `; a configuration is named with -c ${first}` : ""),
    );
  } catch (error) {
    if (error instanceof Misuse) return { kind: "misuse", message: error.message };
    throw error;
  }
}

function parseRun(argv: readonly string[]): Command {
  const every = everyOption(argv, [...RUN_OPTIONS, ...GLOG_OPTIONS]);
  const given = new Map(every);
  const asked = askedInstead(given, argv.length === 1 ? undefined : "run");
  if (asked) return asked;
  return {
    kind: "run",
    configPath: textOf(given, "config"),
    pools: poolsOf(given, every.flatMap(([name, value]) => name === "pool" ? [value] : [])),
    logDir: textOf(given, "log-dir"),
    notices: GLOG_OPTIONS.map(({ names }) => names[0]!)
      .filter((name) => given.has(name))
      .map((name) => `Option -${name} is ignored: the log goes to the terminal anyway`),
  };
}

/** What to do with a user in the address of a pool. */
const LOGIN_BELONGS =
  "give the name with --user, and the password with --password-file or --password";

/** The pools of a command line that has any; `urls` are all that it names. */
function poolsOf(
  given: ReadonlyMap<string, string>,
  urls: readonly string[],
): GivenPools | undefined {
  if (urls.length === 0) {
    const lone = ["user", "password", "password-file"].find((name) => given.has(name));
    if (lone === undefined) return undefined;
    throw new Misuse(`Option --${lone} is for a pool of the command line; add --pool URL`);
  }
  if (given.has("config")) {
    throw new Misuse(
      "Options --pool and --config exclude each other: put the pool into the configuration, or " +
        "leave the configuration out",
    );
  }
  if (urls.length > MAX_POOLS) {
    throw new Misuse(`Option --pool is given ${urls.length} times, must be at most ${MAX_POOLS}`);
  }
  for (const url of urls) {
    const result = parsePoolUrl(url.slice(0, MAX_POOL_URL_LENGTH + 1), LOGIN_BELONGS);
    if (!result.ok) {
      const hint = result.hint === undefined ? "" : `; ${result.hint}`;
      throw new Misuse(`Option --pool is ${result.found}, must be ${result.wanted}${hint}`);
    }
    if (url.length > MAX_POOL_URL_LENGTH) {
      throw new Misuse(
        `Option --pool is ${quote(url)}, must be ${WANTED_POOL_URL}; it is too long`,
      );
    }
    if (result.url.kind === "sv2" && result.url.authorityKey === undefined) {
      throw new Misuse(`Option --pool is ${quote(url)}, must have ${WANTED_AUTHORITY_KEY}`);
    }
  }
  const user = textOf(given, "user");
  if (user === undefined) {
    throw new Misuse("Option --pool needs --user NAME: the address or account to mine for");
  }
  if (!isUser(user)) {
    throw new Misuse(`Option --user is ${quote(user)}, must be ${WANTED_USER}`);
  }
  const password = given.get("password");
  const passwordFile = textOf(given, "password-file");
  if (password !== undefined && passwordFile !== undefined) {
    throw new Misuse("Say --password or --password-file, not both");
  }
  if (password !== undefined && !isPassword(password)) {
    throw new Misuse(`Option --password must be ${WANTED_PASSWORD}`);
  }
  return { urls, user, password, passwordFile };
}

function parseCheck(argv: readonly string[]): Command {
  const given = parseOptions(argv, CHECK_OPTIONS);
  return askedInstead(given, "check") ?? {
    kind: "check",
    configPath: textOf(given, "config"),
    logDir: textOf(given, "log-dir"),
    account: textOf(given, "account"),
    asJson: given.has("json"),
  };
}

function parseReload(argv: readonly string[]): Command {
  const given = parseOptions(argv, RELOAD_OPTIONS);
  return askedInstead(given, "reload") ?? { kind: "reload", configPath: textOf(given, "config") };
}

function parseStatus(argv: readonly string[]): Command {
  const given = parseOptions(argv, STATUS_OPTIONS);
  return askedInstead(given, "status") ??
    { kind: "status", ...watchedIn(given), asJson: given.has("json") };
}

function parseTop(argv: readonly string[]): Command {
  const given = parseOptions(argv, TOP_OPTIONS);
  const intervalSeconds = numberOf(given, "interval", 1, 600) ?? 2;
  return askedInstead(given, "top") ?? { kind: "top", ...watchedIn(given), intervalSeconds };
}

/** Which btcagent is watched. @throws {Misuse} for two places, or an address that is none */
function watchedIn(given: ReadonlyMap<string, string>): WatchOptions {
  const [configPath, url] = [textOf(given, "config"), textOf(given, "url")];
  if (configPath !== undefined && url !== undefined) {
    throw new Misuse("Say --url or --config, not both: each says where the status server is");
  }
  const address = url === undefined ? undefined : URL.parse(url);
  if (url !== undefined && (address === null || !isPlain(address))) {
    throw new Misuse(`Option --url must be an address such as http://127.0.0.1:9999`);
  }
  return { configPath, url: address?.href, tokenFile: textOf(given, "token-file") };
}

/** Whether it is the address of a server, and has no secret and no question in it. */
function isPlain(url: URL | undefined): boolean {
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.password === "" && url.search === "" && url.hash === "";
}

function parseConfig(argv: readonly string[]): Command {
  const given = parseOptions(argv, CONFIG_OPTIONS);
  const asked = askedInstead(given, "config");
  if (asked) return asked;
  const configPath = textOf(given, "config");
  const [what, ...more] = (["example", "schema", "effective"] as const)
    .filter((name) => given.has(name));
  if (what === undefined || more.length > 0) {
    throw new Misuse("Say one of --example, --schema and --effective: which is to be printed");
  }
  return { kind: "config", what, configPath };
}

function parseNotify(argv: readonly string[]): Command {
  const given = parseOptions(argv, NOTIFY_OPTIONS);
  const asked = askedInstead(given, "notify");
  if (asked) return asked;
  if (!given.has("test")) throw new Misuse("Say --test: that is all that notify can do");
  return { kind: "notify", configPath: textOf(given, "config") };
}

/** `history`, `history vacuum`, `history purge WORKER`, `history export TABLE`. */
function parseHistory(argv: readonly string[]): Command {
  // A worker's name may begin with a dash.
  const words =
    argv[0] === "purge" && argv[1] !== undefined && findOption(argv[1], HISTORY_OPTIONS) ===
        undefined
      ? 2
      : argv.findIndex((word) => word.startsWith("-"));
  const [what, which, ...more] = words < 0 ? argv : argv.slice(0, words);
  const given = parseOptions(words < 0 ? [] : argv.slice(words), HISTORY_OPTIONS);
  const asked = askedInstead(given, "history");
  if (asked) return asked;
  const common = { kind: "history", configPath: textOf(given, "config") } as const;
  const days = wholeOf(given, "days", 3_660);
  if (days !== undefined && what !== "export") {
    throw new Misuse("Option --days is for history export only");
  }
  if (more.length > 0) {
    throw new Misuse(`Cannot understand ${quote(more[0]!)} after ${quote(which!)}`);
  }
  switch (what) {
    case undefined:
      return { ...common, what: "show" };
    case "vacuum":
      if (which !== undefined) throw new Misuse(`Cannot understand ${quote(which)} after vacuum`);
      return { ...common, what };
    case "purge":
      if (which === undefined || which === "") {
        throw new Misuse("Say which worker to purge: btcagent history purge WORKER");
      }
      return { ...common, what, worker: which };
    case "export": {
      const table = HISTORY_TABLES.find((table) => table === which);
      if (table === undefined) {
        throw new Misuse(`Say what to export: ${listed(HISTORY_TABLES, "or")}`);
      }
      return { ...common, what, table, days };
    }
  }
  const meant = didYouMean(nearestWord(what, ["vacuum", "purge", "export"]));
  throw new Misuse(
    `Cannot do ${quote(what)} with a history, only vacuum, purge and export${meant}`,
  );
}

function parseCompletions(argv: readonly string[]): Command {
  const [first = "", ...rest] = argv;
  const shell = SHELLS.find((shell) => shell === first);
  const options = shell !== undefined ? rest : first.startsWith("-") ? argv : [];
  const asked = askedInstead(parseOptions(options, []), "completions");
  if (asked) return asked;
  if (shell === undefined) throw new Misuse(`Say for which shell: ${listed(SHELLS, "or")}`);
  return { kind: "completions", shell };
}

function parseDemo(argv: readonly string[]): Command {
  const given = parseOptions(argv, DEMO_OPTIONS);
  const asked = askedInstead(given, "demo");
  if (asked) return asked;
  const miners = wholeOf(given, "miners", 65_535) ?? 50;
  return {
    kind: "demo",
    seconds: numberOf(given, "seconds", 1, 31_536_000),
    miners,
    pools: wordOf(given, "kind", DEMO_POOLS) ?? "agent",
    faults: faultsOf(given, miners, "miners") ?? demoFaults(miners),
  };
}

function parseSimulate(argv: readonly string[]): Command {
  const [what, ...rest] = argv;
  if (what === "pool") {
    const given = parseOptions(rest, POOL_OPTIONS);
    return askedInstead(given, "simulate pool") ?? {
      kind: "simulate",
      what,
      options: {
        host: textOf(given, "host") ?? "127.0.0.1",
        port: wholeOf(given, "port", 65_535) ?? 8888,
        difficulty: numberOf(given, "difficulty", 1e-12, 1e15) ?? 0.00001,
        jobIntervalSeconds: numberOf(given, "job-interval-seconds", 0.01, 86_400) ?? 30,
        proofOfWork: !given.has("no-proof-of-work"),
        accounts: namesOf(given, "accounts"),
        isCaseSensitive: given.has("case-sensitive"),
        hiddenDifficulty: numberOf(given, "nicehash-forced", 1e-12, 1e15),
        speaks: spokenBy(given),
      },
    };
  }
  if (what === "miners") {
    const given = parseOptions(rest, MINERS_OPTIONS);
    const asked = askedInstead(given, "simulate miners");
    if (asked) return asked;
    const count = wholeOf(given, "count", 65_535) ?? 50;
    return {
      kind: "simulate",
      what,
      options: {
        ...addressOf(given, "connect", "127.0.0.1:3333"),
        count,
        rate: numberOf(given, "rate", 1e-6, 1000),
        user: textOf(given, "user") ?? "demo",
        faults: faultsOf(given, count, "count") ?? [],
      },
    };
  }
  if (what === undefined || what.startsWith("-")) {
    const asked = askedInstead(new Map([[findOption(what, [])?.names[0] ?? "", ""]]), "simulate");
    if (asked) return asked;
    throw new Misuse("Nothing to simulate; say pool or miners first");
  }
  const meant = didYouMean(nearestWord(what, ["pool", "miners"]));
  throw new Misuse(`Cannot simulate ${quote(what)}, only pool or miners${meant}`);
}

const AGENT_ONLY = ["no-proof-of-work", "case-sensitive", "nicehash-forced"];
const ORDINARY_ONLY = ["like", "block-interval-seconds", "fixed-difficulty"];

/** What a simulated pool speaks, with the options of that kind. */
function spokenBy(given: ReadonlyMap<string, string>): SimulatedPoolOptions["speaks"] {
  const kind = wordOf(given, "kind", SIMULATED_KINDS) ?? "agent";
  const [others, other] = kind === "agent"
    ? [ORDINARY_ONLY, "stratum and sv2"]
    : [AGENT_ONLY, "agent"];
  const wrong = others.find((name) => given.has(name));
  if (wrong !== undefined) throw new Misuse(`Option --${wrong} is for --kind ${other} only`);
  if (kind === "agent") return { kind };
  const ordinary = {
    hasFixedDifficulty: given.has("fixed-difficulty"),
    blockIntervalSeconds: numberOf(given, "block-interval-seconds", 0.01, 86_400),
  };
  if (kind === "sv2") {
    return { kind, like: wordOf(given, "like", SIMULATED_SV2_POOLS) ?? "sri", ...ordinary };
  }
  const like = wordOf(given, "like", SIMULATED_SERVERS) ?? "ckpool";
  if (like === "datum" && given.has("accounts")) {
    throw new Misuse("Option --accounts is not for --like datum, which accepts every name");
  }
  return { kind, like, ...ordinary };
}

/** Help and version win over everything else that is asked for. */
function askedInstead(
  given: ReadonlyMap<string, string>,
  topic: HelpTopic | undefined,
): Command | undefined {
  if (given.has("help")) return { kind: "help", topic };
  return given.has("version") ? { kind: "version" } : undefined;
}

function parseHelp(argv: readonly string[]): Command {
  const words = argv.slice(0, 2);
  const end = words.findIndex((word) => word.startsWith("-"));
  if (end >= 0) words.length = end;
  // A second word belongs to a topic only after the first of one that has two.
  if (!HELP_TOPICS.some((topic) => topic.startsWith(`${words[0]} `))) words.splice(1);
  const given = parseOptions(argv.slice(words.length), []);
  return askedInstead(given, undefined) ??
    { kind: "help", topic: words.length > 0 ? topicNamed(words.join(" ")) : undefined };
}

function topicNamed(name: string): HelpTopic | undefined {
  if (name === "help" || name === "version") return undefined;
  const topic = HELP_TOPICS.find((topic) => topic === name);
  if (topic !== undefined) return topic;
  const meant = didYouMean(nearestWord(name, HELP_TOPICS));
  const topics = listed(HELP_WORDS, "and");
  throw new Misuse(`There is no help on ${quote(name)}, only on ${topics}${meant}`);
}

/** As in `run, demo and simulate`. */
function listed(words: readonly string[], last: "and" | "or"): string {
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
