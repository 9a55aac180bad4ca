/**
 * One connection to the simulated public-pool.
 */

import { formatHex32, parseHex32 } from "../../base/hex.ts";
import { doubleSha256 } from "../../bitcoin/sha256.ts";
import { formatNotification } from "../../protocol/stratum/message.ts";
import { formatRequestId, type RequestId } from "../../protocol/stratum/request_id.ts";
import type { PoolClient } from "./client.ts";
import type { PoolSession } from "./personality.ts";
import type { PublicServer } from "./public_pool.ts";
import { isAddress } from "../bitcoin_address.ts";
import { judgePublicShare, LOW_SHARE, type OwnJob, type PublicRefusal } from "./public_share.ts";
import { PublicVardiff } from "./public_vardiff.ts";
import { line, listOf, readRequest, textOf } from "./request.ts";
import { jobOf } from "./template.ts";

/** How long jobs stay valid after their template, in milliseconds. */
const JOB_REST_MS = 60_000;

/** The refusal that `refuseShares` makes. */
const MADE_UP: PublicRefusal = { ...LOW_SHARE, reason: "madeUp" };

/** One connection. */
export class PublicSession implements PoolSession {
  /** The client it serves. */
  readonly client: PoolClient;
  readonly #server: PublicServer;
  readonly #jobs = new Map<string, OwnJob>();
  /** Shares already received, as the text of their parameters. */
  readonly #seen = new Set<string>();
  #vardiff: PublicVardiff | undefined;
  #lookedAtMs = 0;
  #hasSuggested = false;
  #isTold = false;
  /** Whether it has its first job; a share before that closes the connection. */
  #isReady = false;
  /** The name that shares are booked to: the first one of a share. */
  #bookedName: string | undefined;

  /** Serves a new connection. */
  constructor(client: PoolClient, server: PublicServer) {
    this.client = client;
    this.#server = server;
    client.extranonce1 = server.nextExtranonce1();
  }

  /** Handles one line. */
  receive(text: string): void {
    const { client } = this;
    client.reading(text);
    const request = readRequest(text);
    if (request === undefined) return client.closeFor("notJson");
    const { id, method, params } = request;
    if (typeof method !== "string") {
      if (!request.isAnswer) client.bad("notRequest");
      return;
    }
    switch (method) {
      case "mining.configure":
        client.hasAgreedVersions = true;
        return this.#answer(
          id,
          `{"version-rolling":true,"version-rolling.mask":"${formatHex32(client.versionMask)}"}`,
        );
      case "mining.subscribe":
        return this.#subscribe(id);
      case "mining.authorize":
        return this.#authorize(id, listOf(params));
      case "mining.suggest_difficulty":
        return this.#suggest(listOf(params)[0]);
      case "mining.submit":
        return this.#submit(id, listOf(params));
      default:
        client.unknown();
    }
  }

  /** Starts the connection's work, as the real server does once its database has answered. */
  readEnded(): void {
    const { client } = this;
    if (this.#isReady || !client.isSubscribed || !client.isAuthorized) return;
    const { vardiff } = client.settings;
    const now = client.time.now();
    if (vardiff !== undefined) this.#vardiff = new PublicVardiff(vardiff, now);
    this.#lookedAtMs = now;
    this.#isReady = true;
    if (!this.#isTold) this.#tellDifficulty(client.difficulty);
    this.#sendJob(this.#server.isClean);
  }

  /** Sends a job of its own; after a block the earlier ones are invalid. */
  announce(): void {
    if (this.#server.isClean) this.#jobs.clear();
    if (this.#isReady) this.#sendJob(this.#server.isClean);
  }

  /** Does nothing: this server sends nothing then. */
  nodeGone(): void {}

  /** Sends the difficulty at once with a clean job: it applies to all jobs. */
  setDifficulty(difficulty: number): void {
    this.#tellDifficulty(difficulty);
    if (this.#isReady) this.#sendJob(true);
  }

  /** Closes a connection that never authorized; checks the difficulty once a minute. */
  tick(): void {
    const { client, client: { settings } } = this;
    const { unauthorizedMs, idleMs } = settings.timeouts;
    if (!client.isAuthorized) {
      if (client.isLate(client.openedAtMs, unauthorizedMs)) client.closeFor("idle");
      return;
    }
    if (client.isLate(client.lastShareAtMs, idleMs)) return client.closeFor("idle");
    const { vardiff, minDifficulty } = settings;
    if (!this.#isReady || vardiff === undefined) return;
    const now = client.time.now();
    if (now - this.#lookedAtMs < vardiff.everyMs) return;
    this.#lookedAtMs = now;
    const wanted = this.#vardiff?.wanted(client.difficulty, minDifficulty, now);
    if (wanted === undefined || wanted === client.difficulty) return;
    this.setDifficulty(client.bounded(wanted));
  }

  /** Does nothing: the server keeps nothing of a connection. */
  closed(): void {}

  #answer(id: RequestId, result: string): void {
    this.client.send(line({ error: "null", result }, id, 0));
  }

  #subscribe(id: RequestId): void {
    const { client } = this;
    if (client.isSubscribed) client.bad("secondSubscribe");
    client.isSubscribed = true;
    const { extranonce1, extranonce2Size } = client;
    const made = client.settings.rewrite.session?.(extranonce1) ?? extranonce1;
    this.#answer(id, `[[["mining.notify","${made}"]],"${extranonce1}",${extranonce2Size}]`);
  }

  #authorize(id: RequestId, params: readonly unknown[]): void {
    const { client, client: { settings, faults } } = this;
    const [account] = textOf(params[0]).split(".", 1) as [string];
    const problem = params.length !== 2
      ? params.join()
      : settings.asksAddress && !isAddress(account) || faults.refuseAuthorize ||
          settings.accounts?.includes(account) === false
      ? account
      : undefined;
    if (problem !== undefined) {
      client.bad("refusedName");
      return client.send(
        refusal(id, 20, "Authorization validation error", `, ${problem}`),
      );
    }
    client.named(textOf(params[0]));
    client.isAuthorized = true;
    this.#answer(id, "true");
  }

  #suggest(wanted: unknown): void {
    if (this.#hasSuggested || typeof wanted !== "number" || !(wanted > 0)) return;
    this.#hasSuggested = true;
    this.setDifficulty(wanted);
  }

  #submit(id: RequestId, params: readonly unknown[]): void {
    const { client } = this;
    client.submitted();
    if (!this.#isReady) return client.closeFor("unauthorizedSubmit");
    this.#bookedName ??= textOf(params[0]);
    const verdict = client.faults.refuseShares
      ? MADE_UP
      : judgePublicShare(client, this.#jobs, this.#seen, params);
    if (verdict === undefined) return client.closeFor("expiredJob");
    if ("hash" in verdict) {
      client.lastShareAtMs = client.time.now();
      client.accepted(this.#bookedName, client.difficulty, verdict);
      this.#vardiff?.accepted(client.difficulty, client.lastShareAtMs);
      return client.answer(line({ error: "null", result: "true" }, id, 0));
    }
    client.refused(this.#bookedName, verdict);
    client.answer(refusal(id, verdict.code, verdict.text, verdict.detail ?? ""));
  }

  #sendJob(isClean: boolean): void {
    const { client, client: { settings } } = this;
    const { template } = this.#server;
    if (template === undefined) return;
    const made = jobOf(template, {
      id: this.#server.nextJob().toString(16),
      isClean,
      extranonceBytes: client.extranonce1.length / 2 + client.extranonce2Size,
      stamp: client.number,
      payee: payeeOf(client.name),
    });
    const job = settings.rewrite.job?.(made) ?? made;
    this.#forgetOldJobs();
    this.#jobs.set(job.id, { job, templateAtMs: template.madeAtMs, prefix: job.coinbase1 });
    // Written by hand, without leading zeros.
    const [version, bits, ntime] = [job.version, job.bits, job.ntime].map((hex) =>
      parseHex32(hex)!.toString(16)
    ) as [string, string, string];
    client.give(job, isClean);
    const params = JSON.stringify([
      job.id,
      job.prevHash,
      job.coinbase1,
      job.coinbase2,
      job.merkleBranches,
      version,
      bits,
      ntime,
      isClean,
    ]);
    client.send(formatNotification("mining.notify", params));
  }

  #forgetOldJobs(): void {
    const { jobLifetimeMs, time } = this.client.settings;
    if (jobLifetimeMs === 0) return;
    for (const [id, { templateAtMs }] of this.#jobs) {
      if (time.now() - templateAtMs <= jobLifetimeMs + JOB_REST_MS) break;
      this.#jobs.delete(id);
    }
  }

  #tellDifficulty(difficulty: number): void {
    const { client } = this;
    client.difficulty = difficulty;
    this.#isTold = true;
    client.tellDifficulty();
  }
}

function refusal(id: RequestId, code: number, text: string, detail: string): string {
  const error = JSON.stringify([code, text, detail]);
  return `{"id":${formatRequestId(id)},"result":null,"error":${error}}`;
}

/** 20 bytes that stand for an address. */
function payeeOf(name: string): string {
  const [account] = name.split(".", 1) as [string];
  return doubleSha256(new TextEncoder().encode(account)).toHex().slice(0, 40);
}
