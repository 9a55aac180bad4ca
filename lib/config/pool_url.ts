/**
 * Reads the address of a pool in one text, `stratum+tcp://host:port` or
 * `stratum2+tcp://host:port/AUTHORITY_KEY`, or says what is wrong with it; pure.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import { parseAuthorityKey } from "../protocol/sv2/authority_key.ts";
import { isHost } from "./host.ts";
import { quote } from "./problem.ts";
import { hintForName } from "./stray_characters.ts";

/** The parts of an address. */
export interface PoolUrl {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  /** TCP port, 1..65535. */
  readonly port: number;
  /** What the pool speaks. */
  readonly kind: KindOfPool;
  /** Whether to use TLS; `undefined` without a scheme: then `pool_use_tls` decides. */
  readonly usesTls: boolean | undefined;
  /**
   * The key by which a Stratum V2 pool proves who it is, 64 hex digits; `undefined` if the address
   * has none.
   */
  readonly authorityKey: string | undefined;
}

/** An address that was understood, or what is wrong with it, in the words of a problem. */
export type PoolUrlResult =
  | { readonly ok: true; readonly url: PoolUrl }
  | {
    readonly ok: false;
    /** What was found; never shows a password. */
    readonly found: string;
    /** What it has to look like. */
    readonly wanted: string;
    /** What to do, if that is not clear from the rest. */
    readonly hint?: string;
  };

/** The longest address that is read, in UTF-16 units. */
export const MAX_POOL_URL_LENGTH = 512;

/** What an address has to look like, in words. */
export const WANTED_POOL_URL = 'the address of a pool such as "stratum+tcp://pool.example:3333"';

/** What a pool's address must have if nothing else lets the pool prove who it is. */
export const WANTED_AUTHORITY_KEY =
  "the pool's authority key at its end: stratum2+tcp://host:port/KEY";

/** The ports of most pools, suggested when one is left out; Stratum V2 has no usual one. */
const USUAL_PORT = { stratum: 3333, sv2: 3336 } as const;

type Protocol = Pick<PoolUrl, "kind" | "usesTls">;

const SCHEMES: ReadonlyMap<string, Protocol> = new Map([
  ["stratum+tcp", { kind: "stratum", usesTls: false }],
  ["stratum+ssl", { kind: "stratum", usesTls: true }],
  ["stratum+tls", { kind: "stratum", usesTls: true }],
  ["btcagent+tcp", { kind: "agent", usesTls: false }],
  ["btcagent+tls", { kind: "agent", usesTls: true }],
  // Encrypts everything itself.
  ["stratum2+tcp", { kind: "sv2", usesTls: false }],
]);

/** What to do with a user in an address of a file. */
const LOGIN_BELONGS =
  'put the name into "user" and the password into "password" or "password_file"';

/**
 * Reads `text`, with a scheme in any case or without one. `loginBelongs` says where the name and the
 * password go that may be in it.
 */
export function parsePoolUrl(text: string, loginBelongs: string = LOGIN_BELONGS): PoolUrlResult {
  const found = text.includes("@") ? "an address with a user in it" : quote(text);
  const wrong = (hint: string): PoolUrlResult => ({
    ok: false,
    found,
    wanted: WANTED_POOL_URL,
    hint,
  });
  if (text !== text.trim()) return wrong("remove the blanks around it");
  const [, scheme, rest = ""] = /^(?:([^:/?#@\s]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const protocol = scheme === undefined
    ? { kind: "unknown", usesTls: undefined } as const
    : SCHEMES.get(scheme.toLowerCase());
  if (protocol === undefined) return wrong(hintForScheme(scheme ?? ""));
  if (text.includes("@")) return wrong(loginBelongs);
  const end = rest.search(/[/?#]/);
  const server = end < 0 ? rest : rest.slice(0, end);
  const path = end < 0 ? "" : rest.slice(end);
  const isV2 = protocol.kind === "sv2";
  if (path !== "" && !isV2) return wrong(hintForPath(path));
  const start = scheme === undefined ? "" : `${scheme}://`;
  const usualPort = isV2 ? USUAL_PORT.sv2 : USUAL_PORT.stratum;
  const example = (host: string) =>
    quote(`${start}${host}:${usualPort}${isV2 ? "/AUTHORITY_KEY" : ""}`);
  if (/^[^[\]]*:[^[\]]*:/.test(server)) {
    return wrong(`write an IPv6 address in brackets, as in ${example("[2001:db8::1]")}`);
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(server) ??
    [];
  const host = bracketed ?? plain ?? "";
  if (!isHost(host) || (bracketed !== undefined) !== host.includes(":")) {
    return wrong(hintForName(server) ?? "write a host name or an IP address, then : and the port");
  }
  if (digits === undefined || digits === "") {
    const shown = bracketed === undefined ? host : `[${host}]`;
    return wrong(
      isV2
        ? `add the port that the pool publishes, as in ${example(shown)}`
        : `add the port; ${usualPort} is usual: ${example(shown)}`,
    );
  }
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65535) {
    return wrong(hintForName(digits) ?? "the port must be a number 1..65535");
  }
  const url = { host, port, ...protocol };
  if (path === "") return { ok: true, url: { ...url, authorityKey: undefined } };
  if (path[0] !== "/") return wrong(`remove ${quote(path)}: an address ends with the key`);
  const result = parseAuthorityKey(path.slice(1));
  if (!result.ok) return { ok: false, found: result.found, wanted: result.wanted };
  return { ok: true, url: { ...url, authorityKey: result.key.toHex() } };
}

/** What to do about what follows the port, where the kind of pool has nothing there. */
function hintForPath(path: string): string {
  if (path[0] === "/" && parseAuthorityKey(path.slice(1)).ok) {
    return "an authority key is for Stratum V2: write stratum2+tcp://";
  }
  return `remove ${quote(path)}: an address ends with the port`;
}

function hintForScheme(scheme: string): string {
  const known = scheme.toLowerCase();
  if (/^(?:stratum2|stratumv2|sv2)(?:\+|$)/.test(known)) {
    const reason = /ssl|tls/.test(known) ? "Stratum V2 encrypts without TLS" : "this is Stratum V2";
    return `${reason}: write stratum2+tcp://host:port/AUTHORITY_KEY`;
  }
  if (known === "btcagent+ssl") return "write btcagent+tls://";
  if (/ssl|tls|https/.test(known)) return "for TLS write stratum+ssl://";
  return "write stratum+tcp://, or stratum+ssl:// for TLS; for a pool with the agent protocol " +
    "btcagent+tcp:// or btcagent+tls://";
}
