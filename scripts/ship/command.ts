/**
 * Runs other programs, and reports their output when they fail.
 */

/** How to run one. */
export interface RunOptions {
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Without the variables of this process. */
  readonly clearEnv?: boolean;
  /** The folder to run in. */
  readonly cwd?: string;
}

/** How a program ended. */
export interface Ended {
  /** The exit code. */
  readonly code: number;
  /** All of stdout. */
  readonly stdout: string;
  /** All of stderr. */
  readonly stderr: string;
}

/**
 * Runs `command` to its end, whether it succeeds or fails. @throws Error if this machine has no
 * such program
 */
export async function outcome(
  [command = "", ...args]: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(command, { args, ...options }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot run ${command}, which is not installed here; install it`, {
      cause: error,
    });
  }
}

/**
 * Returns what `command` wrote to stdout. @throws Error with what it wrote to stderr, if it failed.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await outcome(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} ended with code ${code}:\n${stderr.trim()}`);
}
