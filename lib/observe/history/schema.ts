/**
 * The tables of the history, as the steps by which they came about. `PRAGMA user_version` says how
 * many of these steps a file has seen; the rest are taken when it is opened.
 *
 * A step that was released never changes: a new version of the tables is a new step.
 */

/** What makes a database ours: "btcH" in `PRAGMA application_id`. */
export const APPLICATION_ID = 0x62746348;

/**
 * Numbers of days, hours: since 1970 by UTC. Keys of `worker_day` and `sum_day` are the day times
 * {@linkcode DAY_KEY}, plus the number of the worker or subject: so a day is one run of pages, which
 * are filled in order and freed together.
 */
export const UPGRADES: readonly (readonly string[])[] = [
  [
    `CREATE TABLE worker(
       id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
       first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT`,
    `CREATE TABLE subject(
       id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
       first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT`,
    `CREATE TABLE step(
       at INTEGER PRIMARY KEY, ms INTEGER NOT NULL,
       sums BLOB NOT NULL, workers BLOB NOT NULL) STRICT`,
    "CREATE TABLE day(day INTEGER PRIMARY KEY, axis BLOB NOT NULL) STRICT",
    `CREATE TABLE worker_day(
       id INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, hashrate INTEGER NOT NULL,
       lost INTEGER NOT NULL, connected INTEGER NOT NULL, steps BLOB NOT NULL) STRICT`,
    "CREATE TABLE sum_day(id INTEGER PRIMARY KEY, steps BLOB NOT NULL) STRICT",
    `CREATE TABLE event(
       id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
       kind TEXT NOT NULL, text TEXT NOT NULL) STRICT`,
    "CREATE INDEX event_at ON event(at)",
  ],
  [
    "CREATE TABLE cause_hour(hour INTEGER PRIMARY KEY, causes TEXT NOT NULL) STRICT",
    `CREATE TABLE learned(
       kind TEXT NOT NULL, key TEXT NOT NULL, value REAL NOT NULL, day INTEGER NOT NULL,
       PRIMARY KEY(kind, key)) STRICT, WITHOUT ROWID`,
  ],
];

/** The version of the tables that this program writes. */
export const SCHEMA_VERSION: number = UPGRADES.length;

/** Keys of a day. Workers and subjects have smaller numbers. */
export const DAY_KEY: number = 2 ** 20;
