/**
 * Whether a pool is still there; pure.
 *
 * A pool may die without a word: it sends nothing, takes nothing, or talks on and listens no more.
 * Half-way to the time-out it is asked a harmless question, which a good pool answers. Ordinary
 * Stratum pools have none that all of them answer: those are judged by their silence alone, sooner
 * while shares wait for their verdicts.
 */

/** Judges one connection from its handshake on. */
export class Liveness {
  readonly #timeoutMs: number;
  readonly #owedTimeoutMs: number | undefined;
  #lastByteAt: number;
  /** When bytes last stopped waiting, or some of them were taken; as seen by the checks. */
  #lastTakenAt: number;
  #takenBytes = 0;
  /** When it last owed no answer, or gave one; as seen by the checks. */
  #lastHeardAt: number;
  #owesAnswer = false;
  #hasAnswered = false;
  #probedAt: number;
  #isSilent = false;

  /**
   * Silence for `timeoutMs` is death. `time` is now, as everywhere here in milliseconds.
   *
   * @param owedTimeoutMs For a pool that is asked nothing: silence for this long is death while a
   * verdict is owed.
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

  /** A share was sent that the pool is to judge. */
  submitted(): void {
    this.#owesAnswer = true;
  }

  /** A verdict came, or an answer. */
  answered(): void {
    this.#owesAnswer = false;
    this.#hasAnswered = true;
  }

  /**
   * Whether the last question is still unanswered and nothing else came since: it may be dead. Of a
   * pool that is asked nothing: whether it has owed a verdict for half of the time that it has.
   */
  get isSilent(): boolean {
    return this.#isSilent || this.#probedAt > this.#lastByteAt;
  }

  /** A question was sent. */
  probed(time: number): void {
    this.#probedAt = time;
  }

  /**
   * To be called several times a second, with the bytes written so far and those that wait.
   *
   * @returns why the connection is to be given up, or `probe` when a question is due.
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
    if (silentFor >= timeoutMs) return `silent: not a byte for ${seconds(silentFor)} s`;
    if (time - this.#lastTakenAt >= timeoutMs) {
      return `stalled: took no bytes for ${seconds(timeoutMs)} s`;
    }
    if (this.#owedTimeoutMs !== undefined) {
      const owedFor = Math.min(silentFor, deafFor);
      this.#isSilent = owedFor >= this.#owedTimeoutMs / 2;
      return owedFor < this.#owedTimeoutMs
        ? undefined
        : `silent: shares wait for their verdicts, and not a byte for ${seconds(owedFor)} s`;
    }
    if (deafFor >= timeoutMs) {
      return `deaf: judged no share and answered no question for ${seconds(deafFor)} s`;
    }
    const isDoubtful = Math.max(silentFor, deafFor) >= timeoutMs / 2;
    return isDoubtful && time - this.#probedAt >= timeoutMs / 2 ? "probe" : undefined;
  }
}
