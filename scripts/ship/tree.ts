/**
 * Folders of files to be packed, with their modes and sizes.
 */

const CONF = new URL("../../conf", import.meta.url).pathname;

/** A text with every `@NAME@` replaced. @throws Error if it has a name that is not given. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/@([A-Z_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The template wants @${name}@, which is not given`);
    return value;
  });
}

/** Writes a text, and the folders above it. */
export async function place(path: string, text: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
}

/** Copies a file, and makes the folders above it. */
export async function copy(from: string, to: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
  await Deno.chmod(to, mode);
}

/** All regular files under `folder`, relative to it, in order. */
export async function filesUnder(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) {
      found.push(...await filesUnder(`${folder}/${entry.name}`, `${prefix}${entry.name}/`));
    } else if (entry.isFile) found.push(prefix + entry.name);
  }
  return found.sort();
}

/**
 * Sets modes independent of the umask: folders 755; files 755 if their owner may run them, else
 * 644.
 */
export async function settleModes(folder: string): Promise<void> {
  await Deno.chmod(folder, 0o755);
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) await settleModes(path);
    else if (entry.isFile) {
      const { mode } = await Deno.stat(path);
      await Deno.chmod(path, ((mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}

/** Files that an operator may have put into `conf/`, including secrets: never packed. */
const OPERATORS_OWN = ["agent.jsonc", "token"];

/** Copies `conf/` into `folder`, without the operator's own files. */
export async function placeConf(folder: string): Promise<void> {
  for (const file of await filesUnder(CONF)) {
    if (!OPERATORS_OWN.includes(file)) await copy(`${CONF}/${file}`, `${folder}/conf/${file}`);
  }
}
