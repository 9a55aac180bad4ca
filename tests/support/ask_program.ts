/** Programs that tests look at beside Deno, which may not be installed. */

/** What a program said, and its exit code; `undefined` if it is not installed. */
export async function ask(
  command: string,
  ...args: readonly string[]
): Promise<[code: number, text: string] | undefined> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
    const decoder = new TextDecoder();
    return [code, decoder.decode(stdout) + decoder.decode(stderr)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
