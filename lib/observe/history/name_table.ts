/**
 * The numbers that names have in records: of workers, by sub-account and name, and of sums, by kind
 * and name. Small numbers, so that a record of all of them is short: a number is free again when
 * its name is forgotten, and by then no record has anything under it.
 */

import { type Database, type Row } from "./database.ts";

/** A name with what it belongs to. */
export interface Named {
  /** The sub-account of a worker, or the kind of a sum. */
  readonly group: string;
  /** The name. */
  readonly name: string;
}

/** The tables that are alike. */
const GROUP_COLUMN = { worker: "account", subject: "kind" } as const;

/** Rows read at once. */
const ROWS_AT_ONCE = 256;

/** Longer names are cut. */
const MAX_CHARS = 256;

/** Numbers by name, in memory and in a table. */
export class NameTable {
  readonly #table: keyof typeof GROUP_COLUMN;
  readonly #most: number;
  readonly #numbers = new Map<string, Map<string, number>>();
  /** Free numbers below the end, the greatest first. */
  #free: number[] = [];
  #end = 0;
  #size = 0;

  /** Reads the names of a table, in which there are never more than `most`. */
  constructor(database: Database, table: keyof typeof GROUP_COLUMN, most: number) {
    this.#table = table;
    this.#most = most;
    this.load(database);
  }

  /** The smallest number that is greater than all given ones. */
  get end(): number {
    return this.#end;
  }

  /** How many names there are. */
  get size(): number {
    return this.#size;
  }

  /** How many there can be. */
  get most(): number {
    return this.#most;
  }

  /** Reads all names again, after another process changed the table. */
  load(database: Database): void {
    this.#numbers.clear();
    this.#free = [];
    this.#end = 0;
    this.#size = 0;
    // A few at a time: the rows of all together would make the heap larger for good.
    let rows: readonly Row[];
    do {
      rows = database.rows(
        `SELECT id, ${GROUP_COLUMN[this.#table]} AS "group", name FROM ${this.#table}
         WHERE id >= ? ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
        this.#end,
      );
      for (let i = 0; i < rows.length; i++) {
        const { id, group, name } = named(rows[i]!);
        for (; this.#end < id; this.#end++) this.#free.push(this.#end);
        this.#end = id + 1;
        this.#set(group, name, id);
      }
    } while (rows.length === ROWS_AT_ONCE);
    this.#free.reverse();
  }

  /** The number of a name, if it has one. */
  numberOf(group: string, name: string): number | undefined {
    // Hardly any name has to be cut.
    return this.#numbers.get(group)?.get(name) ?? this.#numbers.get(cut(group))?.get(cut(name));
  }

  /**
   * Gives each of `fresh`, none of which may have one, a number while there are any, in one
   * transaction.
   *
   * @param at when they are seen first.
   * @throws the errors of the database; then none has one.
   */
  add(database: Database, fresh: readonly Named[], at: number): void {
    const given: [group: string, name: string, number: number][] = [];
    try {
      database.transaction(() => {
        for (let i = 0; i < fresh.length && this.#size + given.length < this.#most; i++) {
          const [group, name] = [cut(fresh[i]!.group), cut(fresh[i]!.name)];
          const number = this.#free.pop() ?? this.#end++;
          given.push([group, name, number]);
          database.run(
            `INSERT INTO ${this.#table}(id, ${GROUP_COLUMN[this.#table]}, name, first, last)
             VALUES (?, ?, ?, ?, ?)`,
            number,
            group,
            name,
            at,
            at,
          );
        }
      });
    } catch (error) {
      while (given.length > 0) this.#free.push(given.pop()![2]);
      throw error;
    }
    for (let i = 0; i < given.length; i++) this.#set(...given[i]!);
  }

  /** Forgets the names of numbers that were deleted from the table. */
  forget(numbers: ReadonlySet<number>): void {
    for (const [group, names] of this.#numbers) {
      for (const [name, number] of names) {
        if (!numbers.has(number)) continue;
        names.delete(name);
        this.#free.push(number);
        this.#size--;
      }
      if (names.size === 0) this.#numbers.delete(group);
    }
  }

  #set(group: string, name: string, number: number): void {
    let names = this.#numbers.get(group);
    if (names === undefined) {
      names = new Map();
      this.#numbers.set(group, names);
    }
    // Names are unique, unless somebody else wrote into the file: then the later one counts.
    if (!names.has(name)) this.#size++;
    names.set(name, number);
  }
}

function named(row: Row): { id: number; group: string; name: string } {
  return { id: Number(row["id"]), group: String(row["group"]), name: String(row["name"]) };
}

/** The part of a name that is kept. SQLite would end a text at a zero. */
function cut(name: string): string {
  return name.slice(0, MAX_CHARS).toWellFormed().replaceAll("\0", "\ufffd");
}
