/**
 * A process of a benchmark: started, asked things, measured from outside, ended by its id.
 */

const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 250;
const END_TIMEOUT_MS = 15_000;
const KILOBYTES_PER_MEGABYTE = 1024;

/** Memory of a process at one moment, in MB (2²⁰ bytes). */
export interface Memory {
  /** Resident, pages of files included. */
  readonly resident: number;
  /** Resident and its own. */
  readonly anonymous: number;
}

/** A process that runs until it is ended. */
export class Child {
  /** How messages name it. */
  readonly name: string;
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string> | undefined;
  readonly #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #samples: Memory[] = [];
  #sampling: ReturnType<typeof setInterval> | undefined;
  #hasEnded = false;

  /** Starts `command` in `folder`; only one that `isAsked` things has its input connected. */
  constructor(name: string, command: readonly string[], folder: string, isAsked: boolean) {
    this.name = name;
    const [program, ...args] = command;
    this.#process = new Deno.Command(program!, {
      args,
      cwd: folder,
      stdin: isAsked ? "piped" : "null",
      stdout: isAsked ? "piped" : "null",
      stderr: isAsked ? "inherit" : "null",
    }).spawn();
    this.#process.status.then(() => this.#hasEnded = true);
    if (!isAsked) return;
    this.#lines = linesOf(this.#process.stdout);
    this.#input = this.#process.stdin.getWriter();
  }

  /** Whether it is gone. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends a command and gives what it answers. @throws Error when that takes too long. */
  async ask<Answer>(command: unknown, timeoutMs = 10_000): Promise<Answer> {
    await this.#input!.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
    return await this.answer(timeoutMs, JSON.stringify(command));
  }

  /** The next thing it says. @throws Error when that takes too long, or it has ended. */
  async answer<Answer>(timeoutMs = 10_000, question = "its start"): Promise<Answer> {
    const timer = Promise.withResolvers<never>();
    const timeout = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      timer.reject(
        new Error(`Cannot go on: ${this.name} gave no answer to ${question} in ${seconds} s`),
      );
    }, timeoutMs);
    try {
      const { value, done } = await Promise.race([this.#lines!.next(), timer.promise]);
      if (done) throw new Error(`Cannot go on: ${this.name} has ended, asked for ${question}`);
      return JSON.parse(value) as Answer;
    } finally {
      clearTimeout(timeout);
    }
  }

  /** Seconds of processor time so far, in user and kernel mode together. */
  cpuSeconds(): number {
    const stat = Deno.readTextFileSync(`/proc/${this.#process.pid}/stat`);
    // Behind the name, which may hold anything but a parenthesis that is not its own.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Memory now. */
  memory(): Memory {
    const status = Deno.readTextFileSync(`/proc/${this.#process.pid}/status`);
    const megabytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / KILOBYTES_PER_MEGABYTE;
    return { resident: megabytes("VmRSS"), anonymous: megabytes("RssAnon") };
  }

  /** Begins to note memory several times a second. */
  watchMemory(): void {
    this.#samples.length = 0;
    this.#sampling = setInterval(() => {
      if (!this.#hasEnded) this.#samples.push(this.memory());
    }, SAMPLE_MS);
  }

  /** Ceases to, and gives what was noted, oldest first. */
  watchedMemory(): readonly Memory[] {
    clearInterval(this.#sampling);
    return [...this.#samples];
  }

  /** Asks it to end, forces it if it does not, and waits until it is gone. */
  async end(): Promise<void> {
    clearInterval(this.#sampling);
    if (!this.#hasEnded) this.#signal("SIGTERM");
    const force = setTimeout(() => this.#signal("SIGKILL"), END_TIMEOUT_MS);
    await this.#input?.abort().catch(() => {});
    await this.#process.status;
    clearTimeout(force);
    await this.#lines?.return?.();
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It ended by itself in this moment.
    }
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}
