/**
 * `/api/v1/history/workers?span=…`: the workers of a span on disk, a page at a time; also those that
 * have been gone for longer than btcagent remembers. Loaded with the first request for one.
 */

import { printable } from "../../base/printable.ts";
import { fullNameOf } from "../history/find_worker.ts";
import type { WorkerSpan } from "../history/steps.ts";
import { workersOver } from "./history_answers.ts";
import type { PastWorkerShape } from "./history_shapes.ts";
import { type ListPage, ListParameters, pickPage, type SortKey } from "./list_query.ts";
import type { StatusSource } from "./source.ts";

/** The keys that a list can be sorted by. */
const KEYS: Readonly<Record<string, (worker: PastWorkerShape) => SortKey>> = {
  worker: ({ account, worker }) => [account, worker],
  hashrate: ({ hashrate }) => hashrate,
  lost_part: ({ lost_part }) => lost_part,
  connected_part: ({ connected_part }) => connected_part,
  first_seen: ({ first_seen }) => first_seen,
  last_seen: ({ last_seen }) => last_seen,
};

/** The names of these keys. */
export const PAST_WORKER_SORTS: readonly string[] = Object.keys(KEYS);

/**
 * Picks a page of the workers that were seen in a span, in steps. `q` is searched for in the whole
 * name, `account` filters, `sort`, `offset` and `limit` are those of every list; by default the one
 * that was seen last comes first.
 *
 * @throws RequestProblem for a wrong parameter, and where no history is kept.
 */
export function* pastWorkers(
  source: StatusSource,
  query: URLSearchParams,
  now: number,
): Generator<void, ListPage<PastWorkerShape>> {
  const names = ["span", "q", "account", "sort", "offset", "limit"];
  const given = new ListParameters(query, names);
  const [account, text] = [given.text("account"), given.text("q")?.toLowerCase()];
  return yield* pickPage(shapesOf(workersOver(source, given, now)), {
    wants: (worker) =>
      (account === undefined || worker.account === account) &&
      (text === undefined || shownName(worker).toLowerCase().includes(text)),
    ...given.page(KEYS, "-last_seen"),
  });
}

/** The whole name as clients are shown it: that is what they search for. */
function shownName({ account, worker }: PastWorkerShape): string {
  return printable(fullNameOf({ account, name: worker }));
}

function* shapesOf(
  workers: Iterable<WorkerSpan | undefined>,
): Generator<PastWorkerShape | undefined, void> {
  for (const worker of workers) {
    yield worker && {
      account: worker.account,
      worker: worker.name,
      hashrate: worker.hashrate,
      lost_part: worker.lostPart,
      connected_part: worker.connectedPart,
      seconds: worker.seconds,
      first_seen: worker.first / 1000,
      last_seen: worker.last / 1000,
    };
  }
}
