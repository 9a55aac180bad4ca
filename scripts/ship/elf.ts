/**
 * For which processor an executable is, from the first bytes of its ELF header. Pure.
 *
 * `deno compile` does not check it: with `DENORT_BIN` set it writes whatever that file is, whatever
 * target was asked for, and says that all went well.
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
/** Offsets in the header: word size, byte order, processor. */
const AT = { class: 4, order: 5, machine: 18 } as const;
const LITTLE_ENDIAN = 1;

/** So many bytes of a file are enough. */
export const ELF_HEADER_BYTES = 20;

/** The processor, such as `x86_64`; `undefined` if these are no ELF executable's first bytes. */
export function elfMachine(head: Uint8Array): string | undefined {
  if (head.length < ELF_HEADER_BYTES || MAGIC.some((byte, i) => head[i] !== byte)) return undefined;
  const isLittle = head[AT.order] === LITTLE_ENDIAN;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const number = view.getUint16(AT.machine, isLittle);
  return MACHINES[number] ?? `machine ${number}`;
}

/** {@linkcode elfMachine} of a file; also `undefined` if there is no such file. */
export async function elfMachineOf(path: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path);
    const head = new Uint8Array(ELF_HEADER_BYTES);
    const count = await file.read(head);
    return elfMachine(head.subarray(0, count ?? 0));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
