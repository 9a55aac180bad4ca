/**
 * The records of sums (farm, pools, sub-accounts): a row for each that did anything in a step, and
 * later a row for each step of one of them in a day. A row begins with a number: in the record of a
 * step whose it is, in the record of a day which step it was.
 */

import { BadRecord, ByteReader, ByteWriter } from "./bytes.ts";
import type { SumStep } from "./steps.ts";

const VERSION = 1;

/** What is there beside the fields that every row has. */
const HAS = { lost: 1, outage: 2, bytes: 4 } as const;

/** Collects rows. */
export class SumRecord {
  readonly #writer = new ByteWriter();

  /** Starts an empty one. */
  constructor() {
    this.#writer.byte(VERSION);
  }

  /** Adds a row. Seconds and outages are kept to the millisecond, miners to seven digits. */
  add(number: number, sum: SumStep): void {
    const writer = this.#writer;
    const { lost, lostDifficulty, outageSeconds, bytesUp, bytesDown } = sum;
    const hasLost = lost > 0 || lostDifficulty > 0;
    const hasBytes = bytesUp > 0 || bytesDown > 0;
    writer.whole(number);
    writer.byte(
      (hasLost ? HAS.lost : 0) + (outageSeconds > 0 ? HAS.outage : 0) + (hasBytes ? HAS.bytes : 0),
    );
    writer.whole(sum.seconds * 1000);
    writer.single(sum.miners);
    writer.whole(sum.good);
    writer.number(sum.difficulty);
    if (hasLost) {
      writer.whole(lost);
      writer.number(lostDifficulty);
    }
    if (outageSeconds > 0) writer.whole(outageSeconds * 1000);
    if (hasBytes) {
      writer.whole(bytesUp);
      writer.whole(bytesDown);
    }
  }

  /** The record. */
  take(): Uint8Array {
    return this.#writer.take();
  }
}

/** Calls `each` with every row. @throws BadRecord if the record is damaged. */
export function readSums(record: Uint8Array, each: (number: number, sum: SumStep) => void): void {
  const reader = new ByteReader(record);
  if (reader.byte() !== VERSION) throw new BadRecord("a record of sums is not known");
  while (!reader.isOver) {
    const number = reader.whole();
    const has = reader.byte();
    const seconds = reader.whole() / 1000;
    const miners = reader.single();
    const good = reader.whole();
    const difficulty = reader.number();
    const [lost, lostDifficulty] = (has & HAS.lost) !== 0
      ? [reader.whole(), reader.number()]
      : [0, 0];
    const outageSeconds = (has & HAS.outage) !== 0 ? reader.whole() / 1000 : 0;
    const [bytesUp, bytesDown] = (has & HAS.bytes) !== 0
      ? [reader.whole(), reader.whole()]
      : [0, 0];
    each(number, {
      seconds,
      difficulty,
      good,
      lost,
      lostDifficulty,
      miners,
      outageSeconds,
      bytesUp,
      bytesDown,
    });
  }
}
