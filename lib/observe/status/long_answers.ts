/**
 * Answers that take long to make. They are made in turns and written piece by piece as the client
 * takes them, so that they are never in memory as a whole.
 */

import { answer, RequestProblem } from "./answers.ts";
import type { Turns } from "./turns.ts";

/** The most answers under way at a time: each holds some memory until its reader has taken it. */
const MAX_UNDER_WAY = 8;

/** A piece is sent when it has this many characters, or when its time slice is over. */
const PIECE_CHARS = 32 * 1024;

const encoder = new TextEncoder();

/** Makes long answers, a bounded number at a time. */
export class LongAnswers {
  readonly #turns: Turns;
  #underWay = 0;
  #gathering: Promise<void> = Promise.resolve();

  /** Starts without any answer under way. */
  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /**
   * Runs all steps of a task that holds much memory until it is done; only one such task runs at a
   * time.
   */
  async gather<T>(steps: Generator<unknown, T>): Promise<T> {
    const before = this.#gathering;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gathering = promise;
    try {
      await before;
      return await this.#turns.run(steps);
    } finally {
      resolve();
    }
  }

  /**
   * Makes an answer whose text is what `steps` yield.
   *
   * @throws RequestProblem while too many are under way.
   */
  answer(contentType: string, steps: Generator<string, void>): Response {
    if (this.#underWay >= MAX_UNDER_WAY) {
      throw new RequestProblem(503, `${MAX_UNDER_WAY} long answers are under way already`, {
        "retry-after": "1",
      });
    }
    this.#underWay++;
    let isOver = false;
    const end = () => {
      if (!isOver) this.#underWay--;
      isOver = true;
    };
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { text, isDone } = await this.#piece(steps);
          if (isOver) return;
          if (text !== "") controller.enqueue(encoder.encode(text));
          if (!isDone) return;
          controller.close();
          end();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel: () => {
        steps.return();
        end();
      },
    }, { highWaterMark: 0 });
    return answer(body, contentType);
  }

  /** Returns the next part of the text, which is empty only at the end. */
  async #piece(steps: Generator<string, void>): Promise<{ text: string; isDone: boolean }> {
    for (let text = "";;) {
      const { done } = await this.#turns.take(() =>
        this.#turns.slice(steps, (more) => {
          text += more;
          return text.length < PIECE_CHARS;
        })
      );
      if (text !== "" || done) return { text, isDone: done === true };
    }
  }
}
