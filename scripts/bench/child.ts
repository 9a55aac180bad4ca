/**
 * A process of a benchmark: it is started, sent commands, measured from outside and ended by its
 * id.
 */

const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 250;
const END_TIMEOUT_MS = 15_000;
const KILOBYTES_PER_MEGABYTE = 1024;

/** Replaces itself with the command that follows, whose errors go to a file. */
const ERRORS_TO_FILE = ["sh", "-c", 'exec "$@" 2>"$0"'];
/** The length of error output that is shown when it ends, in characters. */
const LAST_WORDS = 300;

/** Memory of a process at one moment, in MB (2²⁰ bytes). */
export interface Memory {
  /** Resident, pages of files included. */
  readonly resident: number;
  /** Resident, without pages of files. */
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
  readonly #errorFile: string;
  #hasEnded = false;

  /**
   * Starts `command` in `folder`. With `isAsked` its input is connected; without it the end of its
   * error output is kept.
   */
  constructor(name: string, command: readonly string[], folder: string, isAsked: boolean) {
    this.name = name;
    this.#errorFile = `${folder}/errors.txt`;
    const [program, ...args] = isAsked ? command : [...ERRORS_TO_FILE, this.#errorFile, ...command];
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

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Rejects as soon as it has ended. */
  async endedEarly(): Promise<never> {
    const { code, signal } = await this.#process.status;
    const how = signal === null ? `exit code ${code}` : signal;
    throw new Error(`Cannot go on: ${this.name} has ended (${how})${this.lastWords()}`);
  }

  /** Returns the end of its standard error, after a colon; empty if it wrote nothing. */
  lastWords(): string {
    try {
      const text = Deno.readTextFileSync(this.#errorFile).trim().replaceAll(/\s+/g, " ");
      return text === "" ? "" : `: ${text.slice(-LAST_WORDS)}`;
    } catch {
      return "";
    }
  }

  /** Returns the processes it has started itself, which are not measured. */
  children(): readonly number[] {
    const tasks = `/proc/${this.#process.pid}/task`;
    try {
      return [...Deno.readDirSync(tasks)].flatMap(({ name }) =>
        Deno.readTextFileSync(`${tasks}/${name}/children`).split(" ").map(Number).filter(Boolean)
      );
    } catch {
      // It, or one of its threads, has just ended.
      return [];
    }
  }

  /** Sends a command and returns the answer. @throws Error when that takes too long. */
  async ask<Answer>(command: unknown, timeoutMs = 10_000): Promise<Answer> {
    await this.#input!.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
    return await this.answer(timeoutMs, JSON.stringify(command));
  }

  /** Returns its next answer. @throws Error when that takes too long, or it has ended. */
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
    // The fields follow the name, which is in parentheses and may contain anything else.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Returns its memory now; `undefined` if the process has ended or is about to. */
  memory(): Memory | undefined {
    let status;
    try {
      status = Deno.readTextFileSync(`/proc/${this.#process.pid}/status`);
    } catch {
      return undefined;
    }
    const megabytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / KILOBYTES_PER_MEGABYTE;
    const memory = { resident: megabytes("VmRSS"), anonymous: megabytes("RssAnon") };
    return Number.isNaN(memory.resident) ? undefined : memory;
  }

  /** Notes memory several times a second from now on, until it is ended. */
  watchMemory(): void {
    this.#sampling = setInterval(() => {
      const memory = this.memory();
      if (memory !== undefined) this.#samples.push(memory);
    }, SAMPLE_MS);
  }

  /** Memory as noted so far, oldest first. */
  get watchedMemory(): readonly Memory[] {
    return this.#samples;
  }

  /**
   * Asks it and the processes it started to end, kills them if they do not, and waits until all
   * have ended.
   */
  async end(): Promise<void> {
    clearInterval(this.#sampling);
    if (!this.#hasEnded) {
      for (const pid of this.children()) signalTo(pid, "SIGTERM");
      signalTo(this.#process.pid, "SIGTERM");
    }
    const force = setTimeout(() => signalTo(this.#process.pid, "SIGKILL"), END_TIMEOUT_MS);
    await this.#input?.abort().catch(() => {});
    await this.#process.status;
    clearTimeout(force);
    await this.#lines?.return?.();
  }
}

function signalTo(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch {
    // It ended by itself just now.
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
