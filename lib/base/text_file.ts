/**
 * Text files whose length is bounded while they are read: a path may lead to a device or a pipe that
 * never ends, and says nothing of it beforehand.
 */

/**
 * The text of the file at `path`, as UTF-8.
 *
 * @throws RangeError when it has more than `maxBytes` bytes.
 * @throws what `Deno.open` and reading throw.
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
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

function tooLong(found: string, maxBytes: number): RangeError {
  return new RangeError(`${found}, wanted at most ${maxBytes}`);
}
