/**
 * The shape of answers about connected miners: see shapes.ts.
 */

import * as v from "valibot";
import { SharesSchema } from "./count_shapes.ts";
import { about, amount, count, words } from "./schema_words.ts";
import { ConditionSchema } from "./worker_shapes.ts";

/** @internal Answer of `/api/v1/miners/{id}`, and a row of `/api/v1/miners`. */
export const MinerSchema = v.strictObject({
  id: about("Session id, 8 hex digits; null before it has subscribed.", v.nullable(v.string())),
  address: words("Its IP address and port."),
  user: words("The name it logged in with; empty before the login."),
  account: words(
    "Its sub-account, named as in `/api/v1/upstreams`; empty in single-user mode, and before " +
      "the login.",
  ),
  worker: words("Its name at the pool; empty before the login."),
  client_agent: words("Its software, as it names itself."),
  state: about(
    "The state of its connection.",
    v.picklist(["connected", "subscribed", "authorized", "joining", "working"]),
  ),
  worker_id: about(
    "The number of its worker, as in `/api/v1/workers/{id}`; null before the login.",
    v.nullable(v.string()),
  ),
  condition: about(
    "What is wrong with it, by the same rules as for a worker; null before the login.",
    v.nullable(ConditionSchema),
  ),
  connected_seconds: amount("Time since it connected."),
  silent_seconds: amount("Time since it last sent anything."),
  last_share_seconds: about(
    "Time since its last share; null before the first.",
    v.nullable(v.number()),
  ),
  upstream: about("The pool connection it works on; null if none.", v.nullable(v.string())),
  difficulty: about(
    "The difficulty it was last sent; null before the first.",
    v.nullable(v.number()),
  ),
  version_mask: words("The version bits it may roll, 8 hex digits."),
  asicboost: about(
    "Whether it rolls versions; `cannot_narrow` if it rolled bits that its pool did not allow.",
    v.picklist(["never", "rolling", "lost", "cannot_narrow"]),
  ),
  hashrate: v.strictObject({
    minutes_15: amount("Hashrate estimated over 15 minutes, in steps of 5 minutes."),
    minutes_60: amount("The same over an hour."),
  }),
  shares: SharesSchema,
});

/** @internal Answer of `/api/v1/miners`. */
export const MinersSchema = v.strictObject({
  total: count("Miners that match."),
  offset: count("Number of matching miners before this page."),
  miners: v.array(MinerSchema),
});

/** @internal Answer of `/api/v1/miner-table`. */
export const MinerTableSchema = v.strictObject({
  columns: about(
    "The values of a row, named as in `/api/v1/miners/{id}`. `worker` is the user's name until " +
      "the pool knows it, `hashrate` is over 15 minutes, `accepted` are its good shares, " +
      "`rejected` includes those refused here.",
    v.array(v.string()),
  ),
  rows: about(
    "A row for each miner.",
    v.array(v.array(v.nullable(v.union([v.string(), v.number()])))),
  ),
});

/** One connected miner, of {@linkcode MinerSchema}. */
export type MinerShape = NonNullable<(typeof MinerSchema)["~types"]>["output"];
