/**
 * Whether a pool is still there; pure.
 *
 * A pool may die without closing the connection: it sends nothing, reads nothing, or goes on
 * sending but stops listening. After half of the time-out we send a harmless question, which a good
 * pool answers. No such question works with all ordinary Stratum pools: they are judged by their
 * silence alone, sooner while shares wait for verdicts.
 */

/** Judges one connection from its handshake on. */
export class Liveness {
  readonly #timeoutMs: number;
  readonly #owedTimeoutMs: number | undefined;
  #lastByteAt: number;
  /** When a check last saw that no bytes waited, or that the pool read some. */
  #lastTakenAt: number;
  #takenBytes = 0;
  /** When a check last saw that the pool owed no answer, or gave one. */
  #lastHeardAt: number;
  #owesAnswer = false;
  #hasAnswered = false;
  #probedAt: number;
  #isSilent = false;

  /**
   * A pool is dead after `timeoutMs` of silence. `time` is now; all times are in milliseconds.
   *
   * @param owedTimeoutMs For a pool that gets no questions: while it owes a verdict, it is dead
   * after this much silence.
   */
  constructor(timeoutMs: number, time: number, owedTimeoutMs?: number) {
    this.#timeoutMs = timeoutMs;
    this.#owedTimeoutMs = owedTimeoutMs;
    this.#lastByteAt =
      this.#lastTakenAt =
      this.#lastHeardAt =
      this.#probedAt =
        time;
  }

  /** Bytes came. */
  received(time: number): void {
    this.#lastByteAt = time;
  }

  /** A share was sent that the pool has to judge. */
  submitted(): void {
    this.#owesAnswer = true;
  }

  /** A verdict came, or an answer. */
  answered(): void {
    this.#owesAnswer = false;
    this.#hasAnswered = true;
  }

  /**
   * Whether the pool may be dead: it has not answered the last question and has sent nothing since.
   * For a pool that gets no questions: it has owed a verdict for half of its time-out.
   */
  get isSilent(): boolean {
    return this.#isSilent || this.#probedAt > this.#lastByteAt;
  }

  /** A question was sent. */
  probed(time: number): void {
    this.#probedAt = time;
  }

  /**
   * Call this several times a second, with the bytes written so far and those that wait.
   *
   * @returns why to give up the connection, or `probe` when a question is due.
   */
  check(time: number, writtenBytes: number, waitingBytes: number): string | "probe" | undefined {
    if (waitingBytes === 0 || writtenBytes !== this.#takenBytes) this.#lastTakenAt = time;
    this.#takenBytes = writtenBytes;
    if (this.#hasAnswered || !this.#owesAnswer) this.#lastHeardAt = time;
    this.#hasAnswered = false;

    const timeoutMs = this.#timeoutMs;
    const seconds = (ms: number) => Math.round(ms / 1000);
    const silentFor = time - this.#lastByteAt;
    const deafFor = time - this.#lastHeardAt;
    if (silentFor >= timeoutMs) return `silent: no bytes for ${seconds(silentFor)} s`;
    if (time - this.#lastTakenAt >= timeoutMs) {
      return `stalled: read no bytes for ${seconds(timeoutMs)} s`;
    }
    if (this.#owedTimeoutMs !== undefined) {
      const owedFor = Math.min(silentFor, deafFor);
      this.#isSilent = owedFor >= this.#owedTimeoutMs / 2;
      return owedFor < this.#owedTimeoutMs
        ? undefined
        : `silent: shares wait for verdicts, and no bytes for ${seconds(owedFor)} s`;
    }
    if (deafFor >= timeoutMs) {
      return `deaf: judged no share and answered no question for ${seconds(deafFor)} s`;
    }
    const isDoubtful = Math.max(silentFor, deafFor) >= timeoutMs / 2;
    return isDoubtful && time - this.#probedAt >= timeoutMs / 2 ? "probe" : undefined;
  }
}
