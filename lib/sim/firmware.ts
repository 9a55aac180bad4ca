/**
 * How real miners begin a connection, as data: first messages, id style, strictness
 * (stratum.md "Firmware").
 */

/** What a miner puts into its first messages. */
export interface MinerIdentity {
  /** What it authorizes as: `account.worker`. */
  readonly user: string;
  /** Its password; pools ignore it. */
  readonly password: string;
  /** `host:port` of the server it connected to. */
  readonly server: string;
  /** Its extranonce1 on the connection before, if there was one. */
  readonly previousExtranonce1: string | undefined;
}

/** One of a miner's first messages. */
export interface FirstMessage {
  /** The method. */
  readonly method: string;
  /** The parameters. */
  readonly params: (identity: MinerIdentity) => readonly unknown[];
  /**
   * What the miner does about the answer: it must be a success, it may be an error too, or none
   * is wanted (id null).
   */
  readonly answer: "success" | "any" | "none";
}

/** A kind of miner. */
export interface Firmware {
  /** What it calls itself in subscribe; `undefined` for nothing. */
  readonly clientAgent: string | undefined;
  /** What it sends, in order. */
  readonly messages: readonly FirstMessage[];
  /** Whether it sends them all at once instead of waiting for each answer. */
  readonly isPipelined: boolean;
  /** The id of its n-th request, n from 0, as JSON has it. */
  readonly id: (n: number) => number | string;
  /** Whether the next line after configure and subscribe must be the answer, or it gives up. */
  readonly takesNextLineAsAnswer: boolean;
  /** The only keys it bears in the answer to configure; `undefined` for any. */
  readonly configureKeys: readonly string[] | undefined;
  /** The extranonce2 sizes it can work with, from and to. */
  readonly extranonce2Sizes: readonly [number, number];
}

/** The kinds of miners there are. */
export type FirmwareName =
  | "antminer"
  | "whatsminer"
  | "braiins"
  | "avalon"
  | "cgminer"
  | "bfgminer"
  | "bitaxe"
  | "nicehash";

const BRAIINS_AGENT = "bosminer-plus-tuner 0.9.0; Antminer S19j Pro; am2-s17; build 240115-01";
const CONFIGURE_KEYS = ["version-rolling", "version-rolling.mask"];

function configure(mask: string, minBitCount?: number): FirstMessage {
  const options = minBitCount === undefined
    ? { "version-rolling.mask": mask }
    : { "version-rolling.mask": mask, "version-rolling.min-bit-count": minBitCount };
  return {
    method: "mining.configure",
    params: () => [["version-rolling"], options],
    answer: "success",
  };
}

/** `[agent]`, or `[agent, extranonce1 of the connection before]`. */
function subscribe(clientAgent: string): FirstMessage {
  return {
    method: "mining.subscribe",
    params: ({ previousExtranonce1: previous }) =>
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

/** What most firmware has in common: it descends from cgminer. */
const CGMINER: Omit<Firmware, "clientAgent" | "messages"> = {
  isPipelined: false,
  id: (n) => n + 1,
  takesNextLineAsAnswer: true,
  configureKeys: undefined,
  extranonce2Sizes: [2, 16],
};

/** All kinds, by name. */
export const FIRMWARE: Readonly<Record<FirmwareName, Firmware>> = {
  antminer: {
    ...CGMINER,
    clientAgent: "bmminer/2.0.0 rwglr",
    messages: [
      configure("1fffe000", 2),
      subscribe("bmminer/2.0.0 rwglr"),
      authorize,
      request("mining.multi_version", 4),
      configure("1fffe000", 2),
    ],
    configureKeys: CONFIGURE_KEYS,
  },
  whatsminer: {
    ...CGMINER,
    clientAgent: "whatsminer/v1.0",
    messages: [
      request("mining.suggest_difficulty", 262144),
      configure("ffffffff"),
      subscribe("whatsminer/v1.0"),
      authorize,
    ],
    configureKeys: CONFIGURE_KEYS,
  },
  braiins: {
    ...CGMINER,
    clientAgent: BRAIINS_AGENT,
    id: (n) => n,
    messages: [
      configure("1fffe000", 16),
      {
        method: "mining.subscribe",
        params: ({ server }) => [BRAIINS_AGENT, null, server, null],
        answer: "success",
      },
      authorize,
    ],
    takesNextLineAsAnswer: false,
  },
  avalon: {
    ...CGMINER,
    clientAgent: "cgminer/4.11.1",
    id: (n) => n,
    messages: [configure("00c00000", 2), subscribe("cgminer/4.11.1"), authorize],
  },
  cgminer: {
    ...CGMINER,
    clientAgent: "cgminer/4.12.0",
    id: (n) => n,
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
    id: (n) => `bfg${n}`,
    messages: [
      subscribe("bfgminer/5.5.0"),
      notification("mining.suggest_target", "00000000ffff" + "0".repeat(52)),
      notification("mining.capabilities", { notify: ["block"], set_difficulty: {} }),
      authorize,
    ],
  },
  bitaxe: {
    ...CGMINER,
    clientAgent: "bitaxe/BM1370/v2.4.0",
    messages: [
      configure("ffffffff"),
      subscribe("bitaxe/BM1370/v2.4.0"),
      authorize,
      request("mining.suggest_difficulty", 1000),
    ],
    isPipelined: true,
    takesNextLineAsAnswer: false,
  },
  nicehash: {
    ...CGMINER,
    clientAgent: "NiceHash/1.0.0",
    messages: [
      subscribe("NiceHash/1.0.0"),
      request("mining.extranonce.subscribe"),
      authorize,
    ],
    extranonce2Sizes: [4, 8],
  },
};

/** Every name, in the order a mixed farm uses them. */
export const FIRMWARE_NAMES: readonly FirmwareName[] = Object.keys(FIRMWARE) as FirmwareName[];
