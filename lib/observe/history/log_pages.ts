/**
 * Which pages a write-ahead log has: SQLite moves a page that is in it several times only once, and
 * does not say how many it moved.
 */

/** The layout of the log's file, big-endian (sqlite.org/fileformat2.html, "The WAL File Format"). */
const AT = { firstFrame: 32, page: 0 } as const;

/** What stands before each page in the log. */
export const FRAME_HEAD_BYTES = 24;

/** Frames read at once: 64 KB. */
const FRAMES_AT_ONCE = 16;

/**
 * The number of different pages in the frames `from`..`to` - 1 of the log at `path`, counted from 0.
 *
 * @throws Deno's errors.
 */
export function pagesInLog(path: string, from: number, to: number, pageBytes: number): number {
  const frameBytes = FRAME_HEAD_BYTES + pageBytes;
  const bytes = new Uint8Array(FRAMES_AT_ONCE * frameBytes);
  const view = new DataView(bytes.buffer);
  const pages = new Set<number>();
  using file = Deno.openSync(path, { read: true });
  file.seekSync(AT.firstFrame + from * frameBytes, Deno.SeekMode.Start);
  for (let left = to - from; left > 0;) {
    const length = file.readSync(bytes) ?? 0;
    // A part of a frame at the end is of one that is being written.
    const frames = Math.min(left, Math.floor(length / frameBytes));
    if (frames === 0) break;
    for (let i = 0; i < frames; i++) pages.add(view.getUint32(i * frameBytes + AT.page));
    left -= frames;
  }
  return pages.size;
}
