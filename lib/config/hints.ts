/** Advice for common mistakes: what to do about a wrong value. */

import { parseIpAddress } from "../base/ip_address.ts";
import type { Located } from "./document.ts";
import { WANTED_HASHRATE } from "./hashrate.ts";
import { type Path, quote } from "./problem.ts";
import { hintForName } from "./stray_characters.ts";

/** Chains the Go and C++ agents also speak. */
const OTHER_CHAINS = new Set(["eth", "etc", "ethw", "etf", "bch", "ubtc", "sbtc", "ltc"]);

/** What to do about `value` at `path`, if `wanted` is wanted; `undefined` if that is clear. */
export function hintFor(path: Path, value: Located, wanted: string): string | undefined {
  if (value.kind !== "scalar") return undefined;
  const [top, , item] = path;
  switch (typeof value.value) {
    case "string":
      // Python's, Go's and JavaScript's words for it, without quotes.
      if (/^(?:none|nil|null|undefined)$/i.test(value.source)) return "write null, or leave it out";
      if (top === "agent_type" && OTHER_CHAINS.has(value.value.toLowerCase())) {
        return "so far, this build supports only Bitcoin";
      }
      if (/^a .*\d\.\.\d/.test(wanted) && /^-?\d+$/.test(value.value)) {
        return "write it without quotes";
      }
      if (wanted === "true or false") return hintForFlag(value.value);
      if (wanted === WANTED_HASHRATE) return 'write it with a unit such as "TH/s" or "PH/s"';
      if (top === "pools" && item === 0) return hintForHost(value.value);
      if (top === "pools" && item === 2) return hintForName(value.value);
      if (top === "agent_listen_ip" || top === "listen" && item === "address") {
        return hintForListenAddress(value.value, top);
      }
      return undefined;
    case "number":
      if (wanted === "true or false" && (value.value === 0 || value.value === 1)) {
        return value.value === 1 ? "write true" : "write false";
      }
      return undefined;
    default:
      return undefined;
  }
}

function hintForFlag(text: string): string | undefined {
  if (/^(?:yes|on|1|y|t|tru)$/i.test(text.trim())) return "write true";
  return /^(?:no|off|0|n|f|fals)$/i.test(text.trim()) ? "write false" : undefined;
}

/** The advice for the host of a pool, as other programs write it. */
function hintForHost(text: string): string | undefined {
  const url = /^([A-Za-z][\w+.-]*):\/\/([^/@\s]*?)(:\d+)?\/?$/.exec(text);
  const [, scheme = "", name = "", port] = url ?? [];
  if (/^\s*stratum2\+/i.test(text)) {
    return 'write { "url": "stratum2+tcp://host:port/AUTHORITY_KEY", "user": … } in place of this list';
  }
  if (url !== null) {
    const tls = /ssl|tls/i.test(scheme) ? "; for TLS set pool_use_tls to true" : "";
    const second = port === undefined ? "" : "; the port is the pool's second item";
    return `write only the name, ${quote(name)}, without ${scheme}://${second}${tls}`;
  }
  if (text.includes("://")) return "write only the name, without anything before or after it";
  const [, host, digits] = /^\s*([^:/\s]+):(\d+)\s*$/.exec(text) ?? [];
  if (host !== undefined && digits !== undefined) {
    return `write ${quote(host)}; the port is the pool's second item`;
  }
  return hintForName(text);
}

function hintForListenAddress(text: string, top: string): string | undefined {
  if (text === "localhost") {
    return 'write "127.0.0.1" to let in only miners on this machine, "0.0.0.0" to let in all';
  }
  if (/^(?:\*|any|all)$/i.test(text)) return 'write "0.0.0.0"';
  const key = top === "listen" ? "port" : "agent_listen_port";
  const [, host] = /^([\d.]+|\*|localhost|):\d+$/.exec(text) ?? [];
  if (host !== undefined) return `write only the address; the port is ${key}`;
  if (text.includes("://")) return "write only the address, without anything before or after it";
  const digits = text.replace(/o/gi, "0").replace(/[il]/gi, "1").replaceAll(",", ".");
  const decimal = digits.split(".").map((part) => part.replace(/^0+(?=\d)/, "")).join(".");
  if (/^[\d.]+$/.test(digits) && parseIpAddress(decimal) !== undefined) {
    return `did you mean ${quote(decimal)}?`;
  }
  if (/^\d+(?:\.\d+)*$/.test(text)) return "an IPv4 address has four numbers from 0 to 255";
  return hintForName(text);
}
