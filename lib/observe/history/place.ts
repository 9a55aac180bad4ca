/**
 * The place of a history on the disk: a regular file of ours and of one process at a time, in a
 * folder that exists. A damaged file is set aside under another name; whatever may belong to
 * somebody else is left alone.
 */

import { kindOf } from "../../base/text_file.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "./schema.ts";

/** The file cannot be used. The message is a clause that says why. */
export class PlaceTaken extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "PlaceTaken";
}

/** What every database of SQLite begins with. */
const MAGIC = "SQLite format 3\0";

/** Numbers of four bytes in that beginning (sqlite.org/fileformat.html); big-endian. */
const AT = { schemaCookie: 40, userVersion: 60, applicationId: 68, end: 100 } as const;

/** Looked at to tell damage from a file of somebody else. */
const BEGINNING_BYTES = 512;

/** Damaged files that are kept, so that a failing disk does not fill up with them. */
const MOST_DAMAGED = 2;

/** Names of customers are in it: nobody else may read it. */
const MODE = { file: 0o600, folder: 0o700 } as const;

/** The files that SQLite keeps beside a database. */
const BESIDE = ["-wal", "-shm"] as const;

/** A place that is ours, until it is released or the process ends. */
export class Place {
  /** The path of the database. */
  readonly path: string;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes the place at `path` ours.
   *
   * @throws PlaceTaken if it is not ours to use; Deno's errors if it cannot be used.
   */
  static take(path: string): Place {
    refuseOthers(path);
    const folder = path.replace(/[^/\\]*$/, "");
    if (folder !== "") Deno.mkdirSync(folder, { recursive: true, mode: MODE.folder });
    // Not the database itself: closing one more handle on that would drop the locks of SQLite.
    const lockPath = `${path}.lock`;
    refuseOthers(lockPath);
    const lock = Deno.openSync(lockPath, {
      read: true,
      write: true,
      create: true,
      mode: MODE.file,
    });
    try {
      if (!isLocked(lock)) throw new PlaceTaken("another btcagent keeps its history there");
      giveToOwner(lockPath);
      return new Place(path, lock);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /**
   * Looks at the file: `new` if there is none or it is empty (then it is created), `damaged` if it
   * is none of SQLite. Only while no database is open there.
   *
   * @throws PlaceTaken if it is not ours, or of a newer version; Deno's errors.
   */
  look(): "new" | "database" | "damaged" {
    const beginning = this.#beginning();
    if (beginning === undefined) {
      // A log that was left behind belongs to a database that is gone.
      this.#removeBeside();
      Deno.openSync(this.path, { write: true, createNew: true, mode: MODE.file }).close();
      giveToOwner(this.path);
      return "new";
    }
    if (beginning.length === 0) return "new";
    if (beginning.startsWith(MAGIC)) {
      refuseForeign(beginning);
      return "database";
    }
    // A mistyped path may name the configuration.
    if (/^[\t\n\r\x20-\x7e]*$/.test(beginning)) {
      throw new PlaceTaken("it is a text, wanted a history or no file");
    }
    return "damaged";
  }

  /** The length of the file in bytes; 0 for none. */
  get length(): number {
    try {
      return Deno.statSync(this.path).size;
    } catch {
      return 0;
    }
  }

  /** The bytes of the file and of those beside it. */
  get bytes(): number {
    let bytes = this.length;
    for (const end of BESIDE) {
      try {
        bytes += Deno.statSync(this.path + end).size;
      } catch {
        // It is there only while the database is open.
      }
    }
    return bytes;
  }

  /** The identity of the file at the path; `undefined` if there is none. */
  identity(): string | undefined {
    try {
      const { dev, ino } = Deno.lstatSync(this.path);
      return `${dev} ${ino}`;
    } catch {
      return undefined;
    }
  }

  /** Renames the file, so that another can be started. @returns the new path. */
  setAside(wallNow: number): string {
    const stamp = new Date(wallNow).toISOString().replace(/\D/g, "").slice(0, 14);
    this.#removeDamaged();
    const path = `${this.path}.damaged-${stamp}`;
    Deno.renameSync(this.path, path);
    try {
      Deno.renameSync(`${this.path}-wal`, `${path}-wal`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#removeBeside();
    return path;
  }

  /** Lets others have it. */
  release(): void {
    this.#lock.close();
  }

  #beginning(): string | undefined {
    try {
      using file = Deno.openSync(this.path, { read: true, write: true });
      const bytes = new Uint8Array(BEGINNING_BYTES);
      const length = file.readSync(bytes) ?? 0;
      let text = "";
      for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[i]!);
      return text;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** Keeps fewer than {@linkcode MOST_DAMAGED} files that were set aside before: the newest. */
  #removeDamaged(): void {
    const paths = damagedFiles(this.path);
    for (const path of paths.slice(0, Math.max(0, paths.length - MOST_DAMAGED + 1))) {
      Deno.removeSync(path);
      remove(`${path}-wal`);
    }
  }

  #removeBeside(): void {
    for (const end of BESIDE) remove(this.path + end);
  }
}

/** The files that were set aside for the history at `path`, oldest first. */
export function damagedFiles(path: string): string[] {
  const [, folder = "", name = ""] = /^(.*[/\\])?([^/\\]*)$/.exec(path) ?? [];
  return [...Deno.readDirSync(folder === "" ? "." : folder)]
    .map((entry) => entry.name)
    .filter((other) => other.startsWith(`${name}.damaged-`) && !other.endsWith("-wal"))
    .sort()
    .map((other) => folder + other);
}

/**
 * Refuses what is no regular file.
 *
 * @throws PlaceTaken if there is something else at `path`.
 */
export function refuseOthers(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  const kind = info.isSymlink ? "a symbolic link" : kindOf(info);
  if (kind !== undefined) throw new PlaceTaken(`it is ${kind}, wanted a file`);
}

/**
 * Reads from the beginning of a database, without opening it, whether this program can use it.
 *
 * @throws PlaceTaken if it is a database of another program, or of a newer version of this one.
 */
export function refuseForeign(beginning: string): void {
  if (beginning.length < AT.end) return;
  const id = numberAt(beginning, AT.applicationId);
  const version = numberAt(beginning, AT.userVersion);
  // A database without tables has neither yet.
  if (id === 0 && version === 0 && numberAt(beginning, AT.schemaCookie) === 0) return;
  if (id !== APPLICATION_ID) throw new PlaceTaken("it is a database of another program");
  if (version <= SCHEMA_VERSION) return;
  throw new PlaceTaken(
    `a newer btcagent wrote it: its tables have version ${version}, this btcagent knows them up ` +
      `to ${SCHEMA_VERSION}. Install the newer version again, or set history.path to another file`,
  );
}

/**
 * Gives a new file to the owner of its folder. Root may try out by hand what a service of another
 * user goes on with. SQLite does the same with what it keeps beside the database.
 */
function giveToOwner(path: string): void {
  try {
    const { uid, gid } = Deno.statSync(path.replace(/[^/\\]*$/, "") || ".");
    Deno.chownSync(path, uid, gid);
  } catch {
    // Only root may, and for anybody else the file is its own anyway.
  }
}

function numberAt(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) value = value * 0x100 + text.charCodeAt(i);
  return value;
}

function isLocked(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    // Some file systems have no locks.
    return true;
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
