/** The one option of the build commands: where the results go. */

const DEFAULT = new URL("../../dist", import.meta.url).pathname;

/** The folder named with `--out DIR`, else `dist`; `undefined` for any other arguments. */
export function outFolder(args: readonly string[]): string | undefined {
  if (args.length === 0) return DEFAULT;
  const [option, folder] = args;
  return args.length === 2 && option === "--out" ? folder : undefined;
}
