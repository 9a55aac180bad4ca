/**
 * Which simulated miners have which trouble, in words; pure.
 */

import { printable } from "../base/printable.ts";
import type { Trouble } from "../sim/trouble.ts";

const ABOUT: Readonly<Record<Trouble, string>> = {
  dead: "disconnected for good after a while",
  flapping: "reconnecting every few seconds",
  refused: "wrong version bits, old jobs or bad hashes in every share",
  weak: "running at a fifth of the others' speed",
  silent: "logged in with work, but sending nothing",
  gaps: "pausing at regular intervals",
};

/** A line for each trouble: how many have it, which they are, and what they do. */
export function troubleLines(users: ReadonlyMap<Trouble, readonly string[]>): string[] {
  return [...users].map(([trouble, names]) =>
    `  ${names.length} ${trouble}, ${printable(fromTo(names))}: ${ABOUT[trouble]}`
  );
}

function fromTo(names: readonly string[]): string {
  const [first = "", last = ""] = [names[0], names.at(-1)];
  return names.length === 1 ? first : `${first} ${names.length === 2 ? "and" : "to"} ${last}`;
}
