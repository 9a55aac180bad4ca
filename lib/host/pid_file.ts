/**
 * The file that holds the id of the running process, so that `btcagent reload` finds it.
 *
 * It is locked while its process lives: a lock ends with a crash and cannot be taken twice. We
 * write only a file that is ours to write: a new one, or one of a process that has ended; never
 * through a link, and never a file that contains something else.
 */

import { pause, type Timers } from "../base/clock.ts";
import { kindOf } from "../base/text_file.ts";

/** A process id and a line feed are shorter. */
const MAX_BYTES = 32;

/** `reload` holds the lock for a moment to look at it, so the lock is tried several times. */
const LOCK_TRIES = 5;
const LOCK_WAIT_MS = 20;

/** The file is not ours; the message is a clause that says why. */
export class PidFileTaken extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "PidFileTaken";
}

/** A pid file that is ours. */
export class PidFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Writes our process id to `path`.
   *
   * @throws PidFileTaken if it belongs to another process or is not a pid file
   * @throws Deno's error if the file cannot be created
   */
  static async take(path: string, timers: Timers): Promise<PidFile> {
    const folder = path.replace(/[^/\\]*$/, "");
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
    let holder: number | undefined;
    for (let i = 0; i < LOCK_TRIES; i++) {
      if (i > 0) await pause(timers, LOCK_WAIT_MS);
      const file = await openOwn(path);
      if (file === undefined) continue;
      let isOurs = false;
      try {
        holder = await readPid(file);
        // Its process may have removed it between opening and locking.
        isOurs = await lock(file) !== "another's" && await isAt(path, file);
        if (isOurs) await write(file, `${Deno.pid}\n`);
      } finally {
        if (!isOurs) file.close();
      }
      if (isOurs) return new PidFile(path, file);
    }
    throw new PidFileTaken(`process ${holder ?? "of no id"}, another btcagent, holds it`);
  }

  /** Removes the file, if it is still ours, and unlocks it. */
  async release(): Promise<void> {
    try {
      if (await isAt(this.#path, this.#file)) await Deno.remove(this.#path);
    } catch {
      // It is no longer ours to remove.
    } finally {
      this.#file.close();
    }
  }
}

/**
 * The process that holds the pid file at `path`.
 *
 * @throws PidFileTaken if no process holds it, or it is not a pid file
 * @throws Deno's error if the file cannot be read
 */
export async function holderOf(path: string): Promise<number> {
  refuseOthers(await Deno.lstat(path));
  using file = await Deno.open(path);
  const pid = await readPid(file);
  if (pid === undefined) throw new PidFileTaken("there is no process id in it");
  if (await lock(file) === "ours") {
    throw new PidFileTaken(`process ${pid}, which wrote it, has ended without removing it`);
  }
  return pid;
}

/** Opens a file that may be ours; `undefined` if it was created, removed or replaced meanwhile. */
async function openOwn(path: string): Promise<Deno.FsFile | undefined> {
  const { AlreadyExists, NotFound } = Deno.errors;
  let isNew = false;
  try {
    refuseOthers(await Deno.lstat(path));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    isNew = true;
  }
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true, write: true, createNew: isNew });
  } catch (error) {
    if (error instanceof (isNew ? AlreadyExists : NotFound)) return undefined;
    throw error;
  }
  let isUsable = false;
  try {
    // A link put there meanwhile leads elsewhere.
    if (!await isAt(path, file)) return undefined;
    isUsable = isNew || await isPidFile(file);
    if (!isUsable) throw new PidFileTaken("it contains something other than a process id");
    return file;
  } finally {
    if (!isUsable) file.close();
  }
}

function refuseOthers(info: Deno.FileInfo): void {
  const kind = info.isSymlink ? "a symbolic link" : kindOf(info);
  if (kind !== undefined) throw new PidFileTaken(`it is ${kind}, wanted a file of its own`);
}

/** Whether `path` itself, not what a link there leads to, is the open `file`. */
async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [there, open] = [await Deno.lstat(path), await file.stat()];
    return there.isFile && there.dev === open.dev && there.ino === open.ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Locks it, unless another process has. Some file systems have no locks. */
async function lock(file: Deno.FsFile): Promise<"ours" | "another's" | "nobody's"> {
  try {
    return await file.tryLock(true) ? "ours" : "another's";
  } catch {
    return "nobody's";
  }
}

async function write(file: Deno.FsFile, text: string): Promise<void> {
  await file.truncate();
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(text));
}

async function isPidFile(file: Deno.FsFile): Promise<boolean> {
  return (await file.stat()).size === 0 || await readPid(file) !== undefined;
}

/** The process id in it, from its start. */
async function readPid(file: Deno.FsFile): Promise<number | undefined> {
  const buffer = new Uint8Array(MAX_BYTES);
  await file.seek(0, Deno.SeekMode.Start);
  const count = await file.read(buffer) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, count));
  return count < MAX_BYTES && /^[1-9]\d{0,9}\s*$/.test(text) ? Number(text) : undefined;
}
