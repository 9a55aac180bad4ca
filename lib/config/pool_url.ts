/**
 * Reads the address of a pool in one text, `stratum+tcp://host:port`, or says what is wrong with
 * it; pure.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
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
}

/** An address that was understood, or what is wrong with it, in the words of a problem. */
export type PoolUrlResult =
  | { readonly ok: true; readonly url: PoolUrl }
  | {
    readonly ok: false;
    /** What was found; never shows a password. */
    readonly found: string;
    /** What to do. */
    readonly hint: string;
  };

/** The longest address that is read, in UTF-16 units. */
export const MAX_POOL_URL_LENGTH = 512;

/** What an address has to look like, in words. */
export const WANTED_POOL_URL = 'the address of a pool such as "stratum+tcp://pool.example:3333"';

/** The port of most pools, suggested when it is left out. */
const USUAL_PORT = 3333;

type Protocol = Pick<PoolUrl, "kind" | "usesTls">;

const SCHEMES: ReadonlyMap<string, Protocol> = new Map([
  ["stratum+tcp", { kind: "stratum", usesTls: false }],
  ["stratum+ssl", { kind: "stratum", usesTls: true }],
  ["stratum+tls", { kind: "stratum", usesTls: true }],
  ["btcagent+tcp", { kind: "agent", usesTls: false }],
  ["btcagent+tls", { kind: "agent", usesTls: true }],
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
  const wrong = (hint: string): PoolUrlResult => ({ ok: false, found, hint });
  if (text !== text.trim()) return wrong("remove the blanks around it");
  const [, scheme, rest = ""] = /^(?:([^:/?#@\s]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const protocol = scheme === undefined
    ? { kind: "unknown", usesTls: undefined } as const
    : SCHEMES.get(scheme.toLowerCase());
  if (protocol === undefined) return wrong(hintForScheme(scheme ?? ""));
  if (text.includes("@")) return wrong(loginBelongs);
  const end = rest.search(/[/?#]/);
  if (end >= 0) return wrong(`remove ${quote(rest.slice(end))}: an address ends with the port`);
  const start = scheme === undefined ? "" : `${scheme}://`;
  const example = (host: string, port: number | string) => quote(`${start}${host}:${port}`);
  if (/^[^[\]]*:[^[\]]*:/.test(rest)) {
    return wrong(`write an IPv6 address in brackets, as in ${example("[2001:db8::1]", 3333)}`);
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(rest) ?? [];
  const host = bracketed ?? plain ?? "";
  if (!isHost(host) || (bracketed !== undefined) !== host.includes(":")) {
    return wrong(hintForName(rest) ?? "write a host name or an IP address, then : and the port");
  }
  if (digits === undefined || digits === "") {
    const shown = bracketed === undefined ? host : `[${host}]`;
    return wrong(`add the port; ${USUAL_PORT} is usual: ${example(shown, USUAL_PORT)}`);
  }
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65535) {
    return wrong(hintForName(digits) ?? "the port must be a number 1..65535");
  }
  return { ok: true, url: { host, port, ...protocol } };
}

function hintForScheme(scheme: string): string {
  const known = scheme.toLowerCase();
  if (/^stratum2\+/.test(known)) {
    return "Stratum V2 is not supported yet: use the pool's Stratum V1 address, stratum+tcp://";
  }
  if (known === "btcagent+ssl") return "write btcagent+tls://";
  if (/ssl|tls|https/.test(known)) return "for TLS write stratum+ssl://";
  return "write stratum+tcp://, or stratum+ssl:// for TLS; for a pool with the agent protocol " +
    "btcagent+tcp:// or btcagent+tls://";
}
