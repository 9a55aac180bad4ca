/**
 * A job that a server makes once for all of its connections, as ckpool and NOMP do.
 */

import type { Job } from "../../protocol/stratum/job.ts";
import type { StratumPoolSettings } from "./settings.ts";
import { type BlockTemplate, jobOf } from "./template.ts";

/** Bytes of every extranonce1 here. */
export const EXTRANONCE1_BYTES = 4;
/** The payee of all jobs. */
export const POOL_PAYEE = "751e76e8199196d454941c45d1b3a323f1433bd6";

/** One job. */
export class SharedJob {
  /** As it is sent. */
  readonly id: string;
  /** Counts from 1, through all jobs of the server. */
  readonly sequence: number;
  /** The template it is made from. */
  readonly template: BlockTemplate;
  /** Keys of the shares received for it. */
  readonly shares = new Set<string>();
  readonly #isClean: boolean;
  readonly #bySize = new Map<number, Job>();

  /** Makes job number `sequence`. */
  constructor(
    id: string,
    sequence: number,
    template: BlockTemplate,
    isClean: boolean,
    settings: StratumPoolSettings,
  ) {
    this.sequence = sequence;
    this.template = template;
    this.#isClean = isClean;
    const made = this.#make(id, settings.extranonce2Size);
    const job = settings.rewrite.job?.(made) ?? made;
    this.id = job.id;
    this.#bySize.set(settings.extranonce2Size, job);
  }

  /** Returns the job for connections with this number of extranonce2 bytes. */
  forSize(extranonce2Size: number): Job {
    const known = this.#bySize.get(extranonce2Size);
    if (known !== undefined) return known;
    const job = this.#make(this.id, extranonce2Size);
    this.#bySize.set(extranonce2Size, job);
    return job;
  }

  #make(id: string, extranonce2Size: number): Job {
    return jobOf(this.template, {
      id,
      isClean: this.#isClean,
      extranonceBytes: EXTRANONCE1_BYTES + extranonce2Size,
      stamp: this.sequence,
      payee: POOL_PAYEE,
    });
  }
}
