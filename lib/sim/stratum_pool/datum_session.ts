/**
 * One connection to the simulated DATUM gateway.
 */

import { formatHex32, parseHex32 } from "../../base/hex.ts";
import { formatDifficulty } from "../../protocol/stratum/difficulty.ts";
import { formatNotification } from "../../protocol/stratum/message.ts";
import type { RequestId } from "../../protocol/stratum/request_id.ts";
import type { PoolClient } from "./client.ts";
import type { DatumServer } from "./datum.ts";
import { type DatumCredit, type DatumJob, judgeDatumShare } from "./datum_share.ts";
import { type DatumChange, DatumVardiff } from "./datum_vardiff.ts";
import type { PoolSession } from "./personality.ts";
import type { Refusal } from "./refusal.ts";
import { line, listOf, readRequest, textOf } from "./request.ts";
import { VERSION_MASK } from "./settings.ts";
import { POOL_PAYEE } from "./shared_job.ts";
import { type BlockTemplate, jobOf } from "./template.ts";

/** The refusal that `refuseShares` makes. */
const MADE_UP: Refusal = { reason: "madeUp", code: 23, text: "high-hash" };

/** One connection. */
export class DatumSession implements PoolSession {
  /** The client it serves. */
  readonly client: PoolClient;
  readonly #server: DatumServer;
  readonly #slot: number;
  readonly #jobs = new Map<string, DatumJob>();
  readonly #vardiff: DatumVardiff | undefined;
  #toldDifficulty: number | undefined;
  #quickJobs = 0;

  /** Serves a new connection, which takes a slot. */
  constructor(client: PoolClient, server: DatumServer) {
    this.client = client;
    this.#server = server;
    this.#slot = server.takeSlot();
    client.extranonce1 = server.extranonce1Of(this.#slot);
    const { vardiff } = client.settings;
    if (vardiff !== undefined) this.#vardiff = new DatumVardiff(vardiff, client.openedAtMs);
  }

  /** Handles one line. */
  receive(text: string): void {
    const { client } = this;
    client.reading(text);
    const request = readRequest(text);
    if (request === undefined) return client.closeFor("notJson");
    if (request.isAnswer) return;
    const { id, method, params } = request;
    if (typeof id !== "number") return client.closeFor("strangeId");
    if (typeof method !== "string" || !Array.isArray(params)) return client.closeFor("notRequest");
    switch (method) {
      case "mining.configure":
        return this.#configure(id, params);
      case "mining.subscribe":
        return this.#subscribe(id);
      case "mining.authorize":
        return this.#authorize(id, params);
      case "mining.submit":
        return this.#submit(id, params);
      default:
        client.unknown();
        return this.#answer(id, "null", '[-3,"Method not found",null]');
    }
  }

  /** Does nothing: no answer waits for the end of a read. */
  readEnded(): void {}

  /** Sends the new job; after a block an empty one before it. */
  announce(): void {
    if (!this.client.isSubscribed) return;
    const { template } = this.#server;
    if (template?.isNewBlock) this.#sendJob({ ...template, branches: [] }, "N", true);
    this.#sendNewest(false);
  }

  /** Does nothing: this server sends nothing then. */
  nodeGone(): void {}

  /** Sends the difficulty at once with a job of its own. */
  setDifficulty(difficulty: number): void {
    this.#change({ difficulty, isBurst: true });
  }

  /**
   * Closes a connection that does not subscribe or has no share accepted; rare shares lower the
   * difficulty.
   */
  tick(): void {
    const { client } = this;
    const { unsubscribedMs, unauthorizedMs, idleMs } = client.settings.timeouts;
    if (
      !client.isSubscribed && client.isLate(client.openedAtMs, unsubscribedMs) ||
      !client.isAuthorized && client.isLate(client.openedAtMs, unauthorizedMs) ||
      client.isLate(client.lastShareAtMs, idleMs)
    ) return client.closeFor("idle");
    if (!client.isSubscribed) return;
    const change = this.#vardiff?.tick(client.difficulty, client.time.now());
    if (change !== undefined) this.#change(change);
  }

  /** Gives its slot back. */
  closed(): void {
    this.#server.leave(this.#slot);
  }

  #answer(id: RequestId, result: string, error = "null"): void {
    this.client.send(line({ error, result }, id, 1));
  }

  #configure(id: RequestId, [asked, options]: readonly unknown[]): void {
    const { client } = this;
    const wishes = listOf(asked);
    const isRolling = wishes.includes("version-rolling");
    if (isRolling && (typeof options !== "object" || options === null)) {
      return client.closeFor("badConfigure");
    }
    let result = "";
    if (isRolling) {
      const text = textOf((options as Readonly<Record<string, unknown>>)["version-rolling.mask"]);
      const mask = (VERSION_MASK & (parseHex32(text) ?? 0xffffffff)) >>> 0;
      client.versionMask = mask;
      client.hasAgreedVersions = true;
      result = `"version-rolling":true,"version-rolling.mask":"${formatHex32(mask)}"`;
    } else client.bad("badConfigure");
    // The comma comes with it, needed or not.
    if (wishes.includes("minimum-difficulty")) result += ',"minimum-difficulty":false';
    this.#answer(id, `{${result}}`);
    if (isRolling) client.setVersionMask(client.versionMask);
  }

  #subscribe(id: RequestId): void {
    const { client } = this;
    if (client.isSubscribed) return client.bad("secondSubscribe");
    client.isSubscribed = true;
    const { extranonce1, extranonce2Size } = client;
    const subscriptions = ["mining.notify", "mining.set_difficulty"].map((name, i) =>
      `["${name}","${extranonce1}${i + 1}"]`
    ).join();
    this.#answer(id, `[[${subscriptions}],"${extranonce1}",${extranonce2Size}]`);
    this.#sendNewest(true);
  }

  #authorize(id: RequestId, [name]: readonly unknown[]): void {
    const { client } = this;
    if (client.faults.refuseAuthorize) return this.#answer(id, "false");
    client.named(textOf(name));
    client.isAuthorized = true;
    this.#answer(id, "true");
  }

  #submit(id: RequestId, params: readonly unknown[]): void {
    const { client } = this;
    client.submitted();
    const name = textOf(params[0]);
    const verdict = client.faults.refuseShares
      ? MADE_UP
      : judgeDatumShare(client, this.#jobs, this.#server.blockNumber, params);
    if ("proof" in verdict) {
      this.#credit(name, verdict);
      return client.answer(line({ error: "null", result: "true" }, id, 1));
    }
    client.refused(name, verdict);
    const error = `[${verdict.code},"${verdict.text}",null]`;
    client.answer(line({ error, result: "null" }, id, 1));
  }

  #credit(name: string, { proof, difficulty }: DatumCredit): void {
    const { client } = this;
    const now = client.time.now();
    client.lastShareAtMs = now;
    client.accepted(name, difficulty, proof);
    const change = this.#vardiff?.accepted(difficulty, client.difficulty, now);
    if (change !== undefined) this.#change(change);
  }

  /**
   * Changes the difficulty, which is part of the job: the next job has it, or at once the same job
   * again in a burst.
   */
  #change({ difficulty, isBurst }: DatumChange): void {
    const { client } = this;
    const wanted = client.bounded(difficulty);
    if (wanted === client.difficulty) return;
    client.difficulty = wanted;
    if (isBurst && client.isSubscribed && this.#server.template !== undefined) {
      this.#quickJobs++;
      this.#sendJob(this.#server.template, "Q", true);
    }
  }

  #sendNewest(isFirst: boolean): void {
    const { template } = this.#server;
    if (template !== undefined) this.#sendJob(template, "", isFirst);
  }

  #sendJob(template: BlockTemplate, prefix: "" | "Q" | "N", isClean: boolean): void {
    const { client, client: { settings } } = this;
    if (client.difficulty !== this.#toldDifficulty) {
      this.#toldDifficulty = client.difficulty;
      const params = `[${formatDifficulty(client.difficulty)}]`;
      client.tellDifficulty(formatNotification("mining.set_difficulty", params));
    }
    const made = jobOf(template, {
      id: prefix + formatHex32(template.time) + formatHex32(template.number),
      isClean,
      extranonceBytes: client.extranonce1.length / 2 + client.extranonce2Size,
      // The exponent of the difficulty, and a number that makes a second such id differ.
      stamp: Math.round(Math.log2(client.difficulty) + 64) << 16 | this.#quickJobs & 0xffff,
      payee: POOL_PAYEE,
    });
    // A second change on one template must not come under the id of the first.
    const own = prefix === "Q"
      ? { ...made, id: `${made.id}${this.#quickJobs.toString(16)}` }
      : made;
    const job = settings.rewrite.job?.(own) ?? own;
    this.#forgetOldJobs();
    this.#jobs.set(job.id, { job, template, shares: new Set() });
    client.send(formatNotification("mining.notify", client.give(job, isClean)));
  }

  #forgetOldJobs(): void {
    const { jobLifetimeMs, time } = this.client.settings;
    if (jobLifetimeMs === 0) return;
    for (const [id, { template }] of this.#jobs) {
      if (time.now() - template.madeAtMs <= 2 * jobLifetimeMs) break;
      this.#jobs.delete(id);
    }
  }
}
