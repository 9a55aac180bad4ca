/**
 * The keys of `btcagent top`; pure.
 */

import { fitted } from "../width.ts";
import { type Line, line } from "./line.ts";
import type { TopState } from "./state.ts";

const KEYS: readonly (readonly [key: string, about: string])[] = [
  ["q, Ctrl+C", "quit"],
  ["up, down, j, k", "move the cursor"],
  ["PgUp, PgDn, blank", "move by a screen"],
  ["Home, End", "move to the first, to the last"],
  ["Enter, right", "the worker at the cursor, with what to do"],
  ["Esc, left", "back; then: all workers"],
  ["s, S", "sort by the next, by the one before"],
  ["f, /", "find by name, sub-account, address, software"],
  ["t", "only workers in trouble, the worst first"],
  ["p", "pools, and back to workers"],
  ["Ctrl+L", "draw the screen again"],
];

/** A line for each key. */
export function helpLines({ columns }: TopState): Line[] {
  return [
    line(fitted("KEYS", columns), "head"),
    ...KEYS.map(([key, about]) => line(fitted(`  ${key.padEnd(19)} ${about}`, columns))),
    line(""),
    line(fitted("  It reads, and changes nothing. It asks every 2 seconds.", columns), "calm"),
  ];
}
