/**
 * Reads text files up to a bounded length. Only regular files: opening a pipe may wait for a writer
 * that never comes, and a device may never end.
 */

/**
 * The text of the file at `path`, as UTF-8.
 *
 * @throws NoFile if it is a folder, a pipe or a device.
 * @throws RangeError if it has more than `maxBytes` bytes.
 * @throws the errors of `Deno.open` and of reading.
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  const kind = kindOf(await Deno.stat(path));
  if (kind !== undefined) throw new NoFile(`it is ${kind}, wanted a file`);
  using file = await Deno.open(path);
  const { isFile, size } = await file.stat();
  if (isFile && size > maxBytes) throw tooLong(`it has ${size} bytes`, maxBytes);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const buffer = new Uint8Array(16 * 1024);
  let text = "";
  let length = 0;
  for (;;) {
    const count = await file.read(buffer);
    if (count === null) return text + decoder.decode();
    length += count;
    if (length > maxBytes) throw tooLong("it does not end", maxBytes);
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

/** The path is not a regular file; the message is a clause. */
export class NoFile extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "NoFile";
}

/** Names what `info` describes; `undefined` for a regular file. */
export function kindOf(info: Deno.FileInfo): string | undefined {
  if (info.isFile) return undefined;
  if (info.isDirectory) return "a folder";
  if (info.isSymlink) return "a symbolic link";
  if (info.isFifo) return "a named pipe";
  return info.isSocket ? "a socket" : "a device";
}

function tooLong(found: string, maxBytes: number): RangeError {
  return new RangeError(`${found}, wanted at most ${maxBytes}`);
}
