/** Farms of 200 miners, half of them with hostile names, on pools that are to see every worker. */

import { mineByName } from "../support/named_farms.ts";

for (
  const [like, seen] of [
    ["nomp", "each"],
    ["datum", "each"],
    ["ckpool", "one"],
    ["public", "one"],
  ] as const
) {
  Deno.test(`200 miners hash for 30 s through ${like}, which sees ${seen} of them, and all books agree`, () =>
    mineByName({ like, seen, miners: 200, seconds: 30, shares: 200 }));
}
