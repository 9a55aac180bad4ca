/** Advice for the mistakes people make: what to do about a value that does not fit. */

import type { Located } from "./document.ts";
import type { Path } from "./problem.ts";

/** Chains the Go and C++ agents also speak. */
const OTHER_CHAINS = new Set(["eth", "etc", "ethw", "etf", "bch", "ubtc", "sbtc", "ltc"]);

/** What to do about `value` at `path`, where `wanted` is wanted; `undefined` if that is plain. */
export function hintFor(path: Path, value: Located, wanted: string): string | undefined {
  if (value.kind !== "scalar") return undefined;
  const isHost = path[0] === "pools" && path[2] === 0;
  switch (typeof value.value) {
    case "string":
      if (path[0] === "agent_type" && OTHER_CHAINS.has(value.value.toLowerCase())) {
        return "this build speaks Bitcoin only so far";
      }
      if (/^a .*\d\.\.\d/.test(wanted) && /^-?\d+$/.test(value.value)) {
        return "write it without quotes";
      }
      if (wanted === "true or false" && /^(true|false)$/i.test(value.value)) {
        return "write it without quotes";
      }
      if (isHost && value.value.includes("://")) {
        return "write only the name, without stratum+tcp://";
      }
      if (isHost && /^[^:]+:\d+$/.test(value.value)) return "the port is the pool's second item";
      return undefined;
    case "number":
      if (wanted === "true or false" && (value.value === 0 || value.value === 1)) {
        return value.value === 1 ? "write true" : "write false";
      }
      return undefined;
    default:
      return value.value === null ? "leave the key out to have its default" : undefined;
  }
}
