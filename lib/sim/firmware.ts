/**
 * How real miners behave, as data: their first messages, what they accept, how long they tolerate
 * silence, and how they reconnect (stratum.md "Firmware").
 */

/** The values a miner puts into its first messages. */
export interface MinerIdentity {
  /** What it authorizes as: `account.worker`. */
  readonly user: string;
  /** Its password; pools ignore it. */
  readonly password: string;
  /** `host:port` of the server it connected to. */
  readonly server: string;
  /** The session id of its previous connection, if it was sent one. */
  readonly previousSession: string | undefined;
}

/** One of a miner's first messages. */
export interface FirstMessage {
  /** The method. */
  readonly method: string;
  /** The parameters. */
  readonly params: (identity: MinerIdentity) => readonly unknown[];
  /**
   * Which answer the miner expects: a success, any answer including an error, or none (id null).
   */
  readonly answer: "success" | "any" | "none";
  /** Sent together with the message before it; other messages wait for every answer still due. */
  readonly isAlong?: true;
}

/** How a miner chooses its extranonce2. */
export type Extranonce2Use =
  /** Counts, from 0 again at each clean job. */
  | "counts"
  /** Counts, from 0 again at each job. */
  | "countsPerJob"
  /** Counts from power-on, and is cut at the right where it does not fit. */
  | "countsOn"
  /** Always 0. */
  | "zero"
  /** Always 1, written in four bytes where it does not know the size. */
  | "one";

/** A kind of miner. */
export interface Firmware {
  /** The name it gives itself in subscribe. */
  readonly clientAgent: string;
  /** What it sends, in order. */
  readonly messages: readonly FirstMessage[];
  /** The id of its n-th request, n from 0, as JSON has it. */
  readonly id: (n: number, method: string) => number | string;
  /** Whether the next line after configure and subscribe must be the answer, or it gives up. */
  readonly takesNextLineAsAnswer: boolean;
  /** The only keys it tolerates in the answer to configure; `undefined` for any. */
  readonly configureKeys: readonly string[] | undefined;
  /** What it does when version rolling is refused, or granted with an empty mask. */
  readonly withoutRolling: "givesUp" | "goesOn" | "rollsAllTheSame";
  /** The only mask it accepts in the answer to configure; `undefined` for any. */
  readonly onlyMask: number | undefined;
  /**
   * How it handles a later mask: it rolls by it from the next job on, ignores it, or keeps its old
   * table where the new mask has few bits or none.
   */
  readonly laterMask: "obeyed" | "ignored" | "tabled";
  /** Whether each submit has the version bits, even if none was rolled. */
  readonly alwaysSendsVersion: boolean;
  /** The extranonce2 sizes it accepts, from and to; with others it gives up. */
  readonly extranonce2Sizes: readonly [number, number];
  /** Whether it does any work with a size it accepted. */
  readonly worksWith: (extranonce2Size: number) => boolean;
  /** How it chooses its extranonce2. */
  readonly extranonce2: Extranonce2Use;
  /** Whether a nonce is written without leading zeros. */
  readonly cutsNonce: boolean;
  /** Which of several difficulties before a job it works the job at. */
  readonly difficulty: "first" | "last" | "atOnce";
  /** Difficulties it can work at, from and up to but not including. */
  readonly difficulties: readonly [number, number];
  /**
   * Which new job it mistakes for one it has: none, one whose id has the same CRC-16 as one of the
   * last three, one with an id it has seen (unless it is clean), or one with the id it works on.
   */
  readonly sameJob: "never" | "crc16" | "seenId" | "sameId";
  /** Whether it still sends shares it finds for the job before a clean one. */
  readonly sendsStale: boolean;
  /** The longest coinbase it hashes correctly, in bytes. */
  readonly maxCoinbaseBytes: number;
  /** It reconnects after this many seconds without a line; `undefined` for never. */
  readonly silenceSeconds: number | undefined;
  /** It reconnects after this many seconds without a job; `undefined` for never. */
  readonly joblessSeconds: number | undefined;
  /** It reconnects when subscribe is not answered within this many seconds. */
  readonly subscribeSeconds: number | undefined;
  /** It reconnects when it gets no difficulty within this many seconds. */
  readonly difficultySeconds: number | undefined;
  /** It repeats `mining.suggest_difficulty` this often. */
  readonly suggestsEverySeconds: number | undefined;
  /** Whether it asks for the transactions of each job. */
  readonly asksTransactions: boolean;
  /** How it handles `client.reconnect` without a host. */
  readonly reconnectMessage: "reconnects" | "ignored";
  /** Whether a method or an answer of unknown shape ends its connection. */
  readonly isStrict: boolean;
  /** Whether it tries TLS on the port first, and clear text when that is refused. */
  readonly triesTls: boolean;
  /** Seconds to the next attempt after a working connection was closed. */
  readonly closedPauseSeconds: number;
  /** Seconds to the next attempt, from and to, after a failed one. */
  readonly failedPauseSeconds: readonly [number, number];
  /** After this many failed attempts it works for another pool for a minute. */
  readonly attempts: number;
}

/** The names of all kinds of miners. */
export type FirmwareName =
  | "antminer"
  | "s9"
  | "whatsminer"
  | "braiins"
  | "avalon"
  | "cgminer"
  | "bfgminer"
  | "cpuminer"
  | "bitaxe"
  | "nerdqaxe"
  | "nerdminer"
  | "nicehash";

/** The method that agrees on version rolling. */
export const CONFIGURE = "mining.configure";

const BRAIINS_AGENT = "bosminer-plus-tuner 0.9.0; Antminer S19j Pro; am2-s17; build 240115-01";
const CONFIGURE_KEYS = ["version-rolling", "version-rolling.mask"];
const ALL_BITS = 0x1fffe000;

function configure(mask: string, minBitCount?: number): FirstMessage {
  const options = minBitCount === undefined
    ? { "version-rolling.mask": mask }
    : { "version-rolling.mask": mask, "version-rolling.min-bit-count": minBitCount };
  return {
    method: CONFIGURE,
    params: () => [["version-rolling"], options],
    answer: "success",
  };
}

/** `[agent]`, or `[agent, session of the connection before]`. */
function subscribe(clientAgent: string): FirstMessage {
  return {
    method: "mining.subscribe",
    params: ({ previousSession: previous }) =>
      previous === undefined ? [clientAgent] : [clientAgent, previous],
    answer: "success",
  };
}

const authorize: FirstMessage = {
  method: "mining.authorize",
  params: ({ user, password }) => [user, password],
  answer: "success",
};

function request(method: string, ...params: readonly unknown[]): FirstMessage {
  return { method, params: () => params, answer: "any" };
}

function notification(method: string, ...params: readonly unknown[]): FirstMessage {
  return { method, params: () => params, answer: "none" };
}

function along(message: FirstMessage): FirstMessage {
  return { ...message, isAlong: true };
}

/** What most firmware has in common: it descends from cgminer. */
const CGMINER: Omit<Firmware, "clientAgent" | "messages"> = {
  id: (n) => n,
  takesNextLineAsAnswer: true,
  configureKeys: undefined,
  withoutRolling: "goesOn",
  onlyMask: undefined,
  laterMask: "obeyed",
  alwaysSendsVersion: false,
  extranonce2Sizes: [2, 16],
  worksWith: (size) => size <= 8,
  extranonce2: "counts",
  cutsNonce: false,
  difficulty: "first",
  difficulties: [0, Infinity],
  sameJob: "never",
  sendsStale: true,
  maxCoinbaseBytes: 16_000,
  silenceSeconds: 90,
  joblessSeconds: undefined,
  subscribeSeconds: 60,
  difficultySeconds: undefined,
  suggestsEverySeconds: undefined,
  asksTransactions: false,
  reconnectMessage: "reconnects",
  isStrict: false,
  triesTls: false,
  closedPauseSeconds: 0,
  failedPauseSeconds: [5, 5],
  attempts: Infinity,
};

/** All kinds, by name. Unknown details of closed firmware are taken from its relatives. */
export const FIRMWARE: Readonly<Record<FirmwareName, Firmware>> = {
  antminer: {
    ...CGMINER,
    clientAgent: "bmminer/2.0.0 rwglr",
    id: (n) => n + 1,
    messages: [
      configure("1fffe000", 2),
      subscribe("bmminer/2.0.0 rwglr"),
      authorize,
      request("mining.multi_version", 4),
      configure("1fffe000", 2),
    ],
    configureKeys: CONFIGURE_KEYS,
    difficulty: "last",
    maxCoinbaseBytes: 730,
  },
  s9: {
    ...CGMINER,
    clientAgent: "bmminer/2.0.0",
    messages: [subscribe("bmminer/2.0.0"), authorize, request("mining.multi_version", 4)],
    difficulty: "last",
    difficulties: [1, Infinity],
    maxCoinbaseBytes: 16_320,
  },
  whatsminer: {
    ...CGMINER,
    clientAgent: "whatsminer/v1.0",
    id: (n) => n + 1,
    messages: [
      request("mining.suggest_difficulty", 262144),
      configure("ffffffff"),
      subscribe("whatsminer/v1.0"),
      authorize,
    ],
    configureKeys: CONFIGURE_KEYS,
    withoutRolling: "givesUp",
    maxCoinbaseBytes: 6_500,
  },
  braiins: {
    ...CGMINER,
    clientAgent: BRAIINS_AGENT,
    messages: [
      configure("1fffe000", 16),
      {
        method: "mining.subscribe",
        params: ({ server }) => [BRAIINS_AGENT, null, server, null],
        answer: "success",
      },
      along(authorize),
    ],
    takesNextLineAsAnswer: false,
    withoutRolling: "givesUp",
    onlyMask: ALL_BITS,
    laterMask: "ignored",
    extranonce2Sizes: [0, 32],
    worksWith: () => true,
    extranonce2: "zero",
    difficulty: "last",
    difficulties: [1, Infinity],
    sendsStale: false,
    maxCoinbaseBytes: 2_250,
    silenceSeconds: 60,
    subscribeSeconds: 5,
    difficultySeconds: 5,
    isStrict: true,
  },
  avalon: {
    ...CGMINER,
    clientAgent: "cgminer/4.11.1",
    messages: [configure("ffffffff"), subscribe("cgminer/4.11.1"), authorize],
    withoutRolling: "givesUp",
    laterMask: "tabled",
    worksWith: (size) => size >= 3 && size <= 8,
    sameJob: "crc16",
    maxCoinbaseBytes: 6_144,
  },
  cgminer: {
    ...CGMINER,
    clientAgent: "cgminer/4.12.0",
    messages: [
      subscribe("cgminer/4.12.0"),
      authorize,
      request("mining.suggest_difficulty", 1024),
      request("mining.extranonce.subscribe"),
    ],
  },
  bfgminer: {
    ...CGMINER,
    clientAgent: "bfgminer/5.5.0",
    id: (n, method) => method === "mining.authorize" ? "auth" : n,
    messages: [
      subscribe("bfgminer/5.5.0"),
      notification("mining.suggest_target", "00000000ffff" + "0".repeat(52)),
      notification("mining.capabilities", { notify: ["block"], set_difficulty: {} }),
      authorize,
    ],
    extranonce2Sizes: [1, 16],
    worksWith: () => true,
    difficulty: "last",
    sendsStale: false,
    silenceSeconds: 120,
    asksTransactions: true,
    triesTls: true,
    failedPauseSeconds: [30, 30],
  },
  cpuminer: {
    ...CGMINER,
    clientAgent: "cpuminer/2.5.1",
    // Every share has the same id, answered or not.
    id: (n, method) => method === "mining.submit" ? 4 : n + 1,
    messages: [subscribe("cpuminer/2.5.1"), authorize],
    extranonce2Sizes: [1, 100],
    worksWith: () => true,
    difficulty: "last",
    sameJob: "sameId",
    sendsStale: false,
    silenceSeconds: 120,
    subscribeSeconds: 30,
    reconnectMessage: "ignored",
    failedPauseSeconds: [30, 30],
  },
  bitaxe: {
    ...CGMINER,
    clientAgent: "bitaxe/BM1370/v2.4.0",
    id: (n) => n + 1,
    messages: [
      configure("ffffffff"),
      along(subscribe("bitaxe/BM1370/v2.4.0")),
      along(authorize),
      request("mining.suggest_difficulty", 1000),
    ],
    takesNextLineAsAnswer: false,
    withoutRolling: "rollsAllTheSame",
    alwaysSendsVersion: true,
    extranonce2Sizes: [0, 32],
    worksWith: () => true,
    extranonce2: "countsPerJob",
    difficulty: "last",
    sameJob: "seenId",
    maxCoinbaseBytes: 6_500,
    silenceSeconds: undefined,
    subscribeSeconds: undefined,
    closedPauseSeconds: 1,
    attempts: 3,
  },
  nerdqaxe: {
    ...CGMINER,
    clientAgent: "NerdQAxe++/BM1370/v1.0.35",
    id: (n) => n + 1,
    messages: [
      subscribe("NerdQAxe++/BM1370/v1.0.35"),
      along(configure("1fffe000")),
      along(authorize),
      along(request("mining.suggest_difficulty", 1000)),
      along(request("mining.extranonce.subscribe")),
    ],
    takesNextLineAsAnswer: false,
    withoutRolling: "rollsAllTheSame",
    laterMask: "ignored",
    alwaysSendsVersion: true,
    extranonce2Sizes: [0, 32],
    worksWith: () => true,
    extranonce2: "countsOn",
    difficulty: "last",
    difficulties: [1, 2 ** 32],
    sendsStale: false,
    maxCoinbaseBytes: 6_500,
    silenceSeconds: undefined,
    subscribeSeconds: undefined,
    reconnectMessage: "ignored",
    closedPauseSeconds: 10,
    failedPauseSeconds: [10, 10],
  },
  nerdminer: {
    ...CGMINER,
    clientAgent: "NerdMinerV2/V1.8.3",
    id: (n) => n + 1,
    messages: [
      subscribe("NerdMinerV2/V1.8.3"),
      // It reads no answer to either.
      { ...authorize, answer: "any" },
      along(request("mining.suggest_difficulty", 0.00015)),
    ],
    takesNextLineAsAnswer: false,
    extranonce2Sizes: [0, 32],
    worksWith: () => true,
    extranonce2: "one",
    cutsNonce: true,
    difficulty: "atOnce",
    sendsStale: false,
    maxCoinbaseBytes: 255,
    silenceSeconds: undefined,
    joblessSeconds: 600,
    subscribeSeconds: 1.2,
    suggestsEverySeconds: 30,
    reconnectMessage: "ignored",
    failedPauseSeconds: [1, 60],
  },
  nicehash: {
    ...CGMINER,
    clientAgent: "NiceHash/1.0.0",
    id: (n) => n + 1,
    messages: [
      subscribe("NiceHash/1.0.0"),
      request("mining.extranonce.subscribe"),
      authorize,
    ],
    extranonce2Sizes: [4, 8],
    difficulty: "last",
    maxCoinbaseBytes: 500,
    silenceSeconds: undefined,
  },
};

/** Every name, in the order a mixed farm uses them. */
export const FIRMWARE_NAMES: readonly FirmwareName[] = Object.keys(FIRMWARE) as FirmwareName[];
