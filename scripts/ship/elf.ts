/**
 * Finds an executable's processor from the first bytes of its ELF header. Pure.
 *
 * `deno compile` does not check this: with `DENORT_BIN` set it uses that file for any target, and
 * reports success.
 */

/** Processors the header can name, by its number (`e_machine`). */
const MACHINES: Readonly<Record<number, string>> = {
  0x03: "x86",
  0x28: "arm",
  0x3e: "x86_64",
  0xb7: "aarch64",
  0xf3: "riscv",
};

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
/** Offsets in the header of a 64-bit executable; the last three are for its table of sections. */
const AT = { class: 4, order: 5, machine: 18, table: 40, entryBytes: 58, entries: 60 } as const;
const LITTLE_ENDIAN = 1;
const CLASS_64 = 2;

/** Up to the number of the processor, the header of every kind of executable is the same. */
const COMMON_BYTES = 20;
/** The whole header of a 64-bit executable. */
const HEADER_BYTES = 64;

/** The processor, such as `x86_64`; `undefined` if these are no ELF executable's first bytes. */
export function elfMachine(head: Uint8Array): string | undefined {
  if (head.length < COMMON_BYTES || MAGIC.some((byte, i) => head[i] !== byte)) return undefined;
  const number = viewOf(head).getUint16(AT.machine, isLittleEndian(head));
  return MACHINES[number] ?? `machine ${number}`;
}

/**
 * Returns the least length of a 64-bit executable with these first bytes: the end of its table of
 * sections, which linkers put last. 0 if the header does not tell.
 */
export function elfBytes(head: Uint8Array): number {
  if (head.length < HEADER_BYTES || head[AT.class] !== CLASS_64) return 0;
  const view = viewOf(head);
  const isLittle = isLittleEndian(head);
  return Number(view.getBigUint64(AT.table, isLittle)) +
    view.getUint16(AT.entryBytes, isLittle) * view.getUint16(AT.entries, isLittle);
}

/** {@linkcode elfMachine} of a file; also `undefined` if it is not a file or was cut short. */
export async function elfMachineOf(path: string): Promise<string | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) return undefined;
    using file = await Deno.open(path);
    const buffer = new Uint8Array(HEADER_BYTES);
    const head = buffer.subarray(0, await file.read(buffer) ?? 0);
    return elfBytes(head) > size ? undefined : elfMachine(head);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function viewOf(head: Uint8Array): DataView {
  return new DataView(head.buffer, head.byteOffset, head.byteLength);
}

function isLittleEndian(head: Uint8Array): boolean {
  return head[AT.order] === LITTLE_ENDIAN;
}
