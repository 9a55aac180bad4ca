/**
 * The answer to `mining.configure` (BIP 310; stratum.md "Configure"); pure.
 */

import { formatHex32 } from "../base/hex.ts";
import { ROLLABLE_BITS } from "../base/version_bits.ts";

/** An answer and its promise. */
export interface ConfigureAnswer {
  /**
   * JSON text of the result: only the keys of the extensions asked for, because some firmware
   * disconnects when it gets a key that it does not know.
   */
  readonly resultJson: string;
  /** The version bits promised to the miner; `undefined` if it did not ask. */
  readonly promisedMask: number | undefined;
}

/**
 * Answers `mining.configure`.
 *
 * Version rolling is always granted, with all bits of {@linkcode ROLLABLE_BITS} that the miner asks
 * for, whatever pools allow: cgminer, Avalon and Braiins OS give up a server that grants fewer, and
 * Bitaxe rolls them anyway. The miner learns what its pool allows with the first job.
 *
 * @returns `undefined` if the first parameter is not a list of extension names (error 27).
 */
export function answerConfigure(params: readonly unknown[]): ConfigureAnswer | undefined {
  const [extensions, options] = params;
  if (extensions === undefined || extensions === null) {
    return { resultJson: "{}", promisedMask: undefined };
  }
  const names: unknown = typeof extensions === "string" ? [extensions] : extensions;
  if (!Array.isArray(names)) return undefined;
  let promisedMask: number | undefined;
  const members = new Map<string, string>();
  for (const name of names) {
    // Pools also ignore names that are not texts.
    if (typeof name !== "string") continue;
    if (name !== "version-rolling") {
      members.set(name, "false");
      continue;
    }
    promisedMask = maskIn(options) & ROLLABLE_BITS;
    members.set(name, "true");
    members.set("version-rolling.mask", `"${formatHex32(promisedMask)}"`);
  }
  const text = [...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return { resultJson: `{${text.join(",")}}`, promisedMask };
}

/** The lowest 32 bits of the mask asked for; all bits if it is missing or not a hex number. */
function maskIn(options: unknown): number {
  if (typeof options !== "object" || options === null) return ROLLABLE_BITS;
  const mask = (options as Readonly<Record<string, unknown>>)["version-rolling.mask"];
  const digits = typeof mask === "string" ? /^(?:0x)?([0-9a-f]+)$/i.exec(mask)?.[1] : undefined;
  return digits === undefined ? ROLLABLE_BITS : parseInt(digits.slice(-8), 16);
}
