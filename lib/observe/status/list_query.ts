/**
 * Queries for lists of the status server: a filter, an order and a page; pure.
 */

import { sorted } from "../../base/steps.ts";
import { RequestProblem } from "./answers.ts";

/** Rows of a page by default, and at most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** What a row is sorted by; lists compare by the first element that differs. */
export type SortKey = number | string | readonly (number | string)[];

/** Which rows are wanted, and in which order. */
export interface ListQuery<Row> {
  /** Whether a row is wanted. */
  readonly wants: (row: Row) => boolean;
  /** The key that rows are sorted by. */
  readonly keyOf: (row: Row) => SortKey;
  /** 1 for ascending order, -1 for descending. */
  readonly direction: number;
  /** Rows before the page. */
  readonly offset: number;
  /** The most rows on the page. */
  readonly limit: number;
}

/** A row and what it is sorted by. */
interface Keyed<Row> {
  readonly row: Row;
  readonly key: SortKey;
}

/** A page of a list. */
export interface ListPage<Row> {
  /** Rows that match. */
  readonly total: number;
  /** Matching rows before the page. */
  readonly offset: number;
  /** The rows of the page. */
  readonly rows: readonly Row[];
}

/** The parameters of a request; each may occur once. */
export class ListParameters {
  readonly #given = new Map<string, string>();

  /** Reads the parameters. @throws RequestProblem for one that is not in `names`, or repeated. */
  constructor(query: URLSearchParams, names: readonly string[]) {
    const wanted = [names.slice(0, -1).join(", "), names.at(-1)].filter((part) => part !== "")
      .join(" or ");
    for (const [name, value] of query) {
      if (!names.includes(name)) {
        throw new RequestProblem(400, `Unknown parameter "${name}", wanted ${wanted}`);
      }
      if (this.#given.has(name)) {
        throw new RequestProblem(400, `Parameter "${name}" is repeated, wanted it once`);
      }
      this.#given.set(name, value);
    }
  }

  /** Returns the text of a parameter; `undefined` if it was not given. */
  text(name: string): string | undefined {
    return this.#given.get(name);
  }

  /**
   * Returns a parameter that must be one of `wanted`. @throws RequestProblem for any other value.
   */
  oneOf(name: string, wanted: readonly string[]): string | undefined {
    const value = this.#given.get(name);
    if (value === undefined || wanted.includes(value)) return value;
    throw new RequestProblem(400, `Cannot use this "${name}", wanted one of ${wanted.join(", ")}`);
  }

  /**
   * Reads the order and the page, sorted by one of `keys`. @throws RequestProblem for any other
   * value.
   */
  page<Row>(
    keys: Readonly<Record<string, (row: Row) => SortKey>>,
    usual: string,
  ): Omit<ListQuery<Row>, "wants"> {
    const words = Object.keys(keys).flatMap((key) => [key, `-${key}`]);
    const sort = this.oneOf("sort", words) ?? usual;
    return {
      keyOf: keys[sort.replace(/^-/, "")]!,
      direction: sort.startsWith("-") ? -1 : 1,
      offset: this.#wholeNumber("offset", 0, 1_000_000) ?? 0,
      limit: this.#wholeNumber("limit", 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
    };
  }

  #wholeNumber(name: string, min: number, max: number): number | undefined {
    const value = this.#given.get(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,7}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    throw new RequestProblem(
      400,
      `Cannot use this "${name}", wanted a whole number ${min}..${max}`,
    );
  }
}

/** Rows read in one step. */
const STEP = 50;

/** Rows are put in order, and what is behind the page is dropped, whenever this number is over it. */
const MORE = 1_000;

/**
 * Picks the page, in steps. It holds rows up to the end of the page, and some more. `undefined` among
 * the rows only lets others run.
 */
export function* pickPage<Row>(
  all: Iterable<Row | undefined>,
  { wants, keyOf, direction, offset, limit }: ListQuery<Row>,
): Generator<void, ListPage<Row>> {
  const end = offset + limit;
  const inOrder = (a: Keyed<Row>, b: Keyed<Row>) => direction * compare(a.key, b.key);
  let kept: Keyed<Row>[] = [];
  let last: Keyed<Row> | undefined;
  let [seen, total] = [0, 0];
  for (const row of all) {
    if (row === undefined || ++seen % STEP === 0) yield;
    if (row === undefined || !wants(row)) continue;
    total++;
    const keyed = { row, key: keyOf(row) };
    // Of equals the first of them stays the first.
    if (last !== undefined && inOrder(last, keyed) <= 0) continue;
    if (kept.push(keyed) < end + MORE) continue;
    kept = (yield* sorted(kept, inOrder)).slice(0, end);
    last = kept.at(-1);
  }
  const rows = (yield* sorted(kept, inOrder)).slice(offset, end).map(({ row }) => row);
  return { total, offset, rows };
}

function compare(one: SortKey, other: SortKey): number {
  if (typeof one !== "object" || typeof other !== "object") {
    return one === other ? 0 : one < other ? -1 : 1;
  }
  for (let place = 0; place < one.length; place++) {
    const order = compare(one[place]!, other[place]!);
    if (order !== 0) return order;
  }
  return 0;
}
