/**
 * One connection to the simulated NOMP.
 */

import { parseHex32 } from "../../base/hex.ts";
import { formatNotification } from "../../protocol/stratum/message.ts";
import type { RequestId } from "../../protocol/stratum/request_id.ts";
import type { PoolClient } from "./client.ts";
import type { NompServer } from "./nomp.ts";
import { NompVardiff } from "./nomp_vardiff.ts";
import type { PoolSession } from "./personality.ts";
import { fitHex, proofOf } from "./proof.ts";
import type { Refusal } from "./refusal.ts";
import { line, readRequest, textOf } from "./request.ts";

/** A share that reaches this part of the difficulty is accepted. */
const GRANTED = 0.99;
/** How far a share's time may be ahead of the clock, in seconds. */
const MAX_SECONDS_AHEAD = 7_200;
const NO_VERSION_BITS = 0;

/** It checks this number of shares at a time, and bans at this percentage of bad ones. */
const BAN_SHARES = 50;
const BAN_PERCENT = 50;
/** The refusal that `refuseShares` makes. */
const MADE_UP: Refusal = { reason: "madeUp", code: 23, text: "low difficulty share of 0" };

/** One connection. */
export class NompSession implements PoolSession {
  /** The client it serves. */
  readonly client: PoolClient;
  readonly #server: NompServer;
  readonly #subscription: string;
  readonly #vardiff: NompVardiff | undefined;
  #firstName: string | undefined;
  /** The difficulty sent last; `undefined` before the first. */
  #toldDifficulty: number | undefined;
  #previousDifficulty: number | undefined;
  /** The difficulty to send before the next job. */
  #pendingDifficulty: number | undefined;
  #goodShares = 0;
  #badShares = 0;

  /** Serves a new connection. */
  constructor(client: PoolClient, server: NompServer) {
    this.client = client;
    this.#server = server;
    this.#subscription = server.nextSubscription();
    const { vardiff } = client.settings;
    if (vardiff !== undefined) this.#vardiff = new NompVardiff(vardiff);
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
      case "mining.subscribe":
        return this.#subscribe(id);
      case "mining.authorize":
      case "mining.submit":
        // The real process dies of it, and every connection with it.
        if (!Array.isArray(params)) return client.closeFor("notRequest");
        return method === "mining.submit" ? this.#submit(id, params) : this.#authorize(id, params);
      default:
        client.unknown();
    }
  }

  /** Does nothing: no answer waits for the end of a read. */
  readEnded(): void {}

  /** Sends the new job, subscribed or not; an idle connection is closed instead. */
  announce(): void {
    const { client } = this;
    const { idleMs } = client.settings.timeouts;
    if (idleMs > 0 && client.time.now() - client.lastShareAtMs > idleMs) {
      return client.closeFor("idle");
    }
    this.#sendJob();
  }

  /** Does nothing: this server sends nothing then. */
  nodeGone(): void {}

  /** Sends the difficulty right before the next job. */
  setDifficulty(difficulty: number): void {
    this.#pendingDifficulty = difficulty;
  }

  /** Does nothing: idle connections are found at the next job. */
  tick(): void {}

  /** Does nothing: the server keeps nothing of a connection. */
  closed(): void {}

  #subscribe(id: RequestId): void {
    const { client } = this;
    if (client.isSubscribed) client.bad("secondSubscribe");
    client.extranonce1 = this.#server.nextExtranonce1();
    client.isSubscribed = true;
    const names = ["mining.set_difficulty", "mining.notify"];
    const subscriptions = names.map((name) => `["${name}","${this.#subscription}"]`).join();
    const result = `[[${subscriptions}],"${client.extranonce1}",${client.extranonce2Size}]`;
    client.send(line({ result, error: "null" }, id, 0));
    this.#tellDifficulty(client.difficulty);
    this.#sendJob();
  }

  #authorize(id: RequestId, [name]: readonly unknown[]): void {
    const { client, client: { settings, faults } } = this;
    const given = textOf(name);
    this.#firstName ??= given;
    const [account] = given.split(".", 1) as [string];
    const isKnown = settings.accounts?.includes(account) ?? true;
    const isLater = faults.refuseLaterNames && given !== this.#firstName;
    // The last one decides whether shares are accepted.
    client.isAuthorized = isKnown && !faults.refuseAuthorize && !isLater;
    if (client.isAuthorized) client.named(given);
    else client.bad("refusedName");
    client.send(line({ result: String(client.isAuthorized), error: "null" }, id, 0));
  }

  #submit(id: RequestId, params: readonly unknown[]): void {
    const { client } = this;
    client.submitted();
    const name = textOf(params[0]);
    if (!client.isAuthorized) return this.#refuseStranger(id, name, 24, "unauthorized worker");
    if (!client.isSubscribed) return this.#refuseStranger(id, name, 25, "not subscribed");
    const now = client.time.now();
    client.lastShareAtMs = now;
    const refused = client.faults.refuseShares ? MADE_UP : this.#problemWith(name, params);
    const factor = this.#vardiff?.submitted(now);
    if (factor !== undefined) this.#multiplyDifficulty(factor);
    if (refused !== undefined) client.refused(name, refused);
    if (this.#isBanned(refused === undefined)) return;
    this.#answer(id, refused && JSON.stringify([refused.code, refused.text]));
  }

  #refuseStranger(id: RequestId, name: string, code: number, text: string): void {
    const bad = "unauthorizedSubmit";
    this.client.refused(name, { reason: "unauthorized", code, text, bad });
    this.#answer(id, JSON.stringify([code, text, null]));
  }

  #answer(id: RequestId, error: string | undefined): void {
    const result = error === undefined ? "true" : "null";
    this.client.answer(line({ result, error: error ?? "null" }, id, 0));
  }

  /** Returns why a share is refused; counts it if it is accepted. */
  #problemWith(name: string, params: readonly unknown[]): Refusal | undefined {
    const { client } = this;
    const [, jobId, extranonce2, time, nonce, bits] = params.map(textOf);
    if (params.length < 5 || params.length > 6) client.bad("malformedShare");
    const given = client.given(jobId ?? "");
    const { extranonce1, extranonce2Size } = given ?? client;
    if (extranonce2?.length !== extranonce2Size * 2) {
      const text = "incorrect size of extranonce2";
      return { reason: "extranonce2", code: 20, text, bad: "extranonce2Length" };
    }
    const shared = this.#server.job(jobId ?? "");
    if (shared === undefined) {
      return {
        reason: given === undefined ? "unknownJob" : "stale",
        code: 21,
        text: "job not found",
        ...given === undefined && { bad: "foreignJob" },
      };
    }
    if (time?.length !== 8) return malformed("incorrect size of ntime");
    const ntime = parseHex32(time) ?? 0;
    const job = given?.job ?? shared.forSize(extranonce2Size);
    const latest = Math.floor(client.time.wallNow() / 1000) + MAX_SECONDS_AHEAD;
    if (ntime < parseHex32(job.ntime)! || ntime > latest) {
      return { reason: "time", code: 20, text: "ntime out of range", bad: "timeRange" };
    }
    if (nonce?.length !== 8) return malformed("incorrect size of nonce");
    // Compared as text: the same number in capitals counts as another share.
    const key = `${extranonce1}${extranonce2}${time}${nonce}`;
    if (shared.shares.has(key)) return { reason: "duplicate", code: 22, text: "duplicate share" };
    shared.shares.add(key);
    if ((parseHex32(bits ?? "") ?? NO_VERSION_BITS) !== NO_VERSION_BITS) {
      client.bad("unagreedVersion");
    }
    const proof = proofOf(job, {
      coinbase: job.coinbase1 + extranonce1 + fitHex(extranonce2, extranonce2Size) + job.coinbase2,
      version: parseHex32(job.version)!,
      time: ntime,
      nonce: parseHex32(nonce) ?? 0,
    });
    const credited = this.#creditFor(proof.difficulty, proof.isBlock);
    if (credited === undefined) {
      const text = `low difficulty share of ${proof.difficulty}`;
      return { reason: "lowDifficulty", code: 23, text };
    }
    client.accepted(name, credited, proof);
    return undefined;
  }

  /**
   * Returns the difficulty that a share is credited with, new or previous; `undefined` for none.
   */
  #creditFor(reached: number, isBlock: boolean): number | undefined {
    const { difficulty } = this.client;
    if (isBlock || reached / difficulty >= GRANTED) return difficulty;
    const previous = this.#previousDifficulty;
    return previous !== undefined && reached >= previous ? previous : undefined;
  }

  #isBanned(isGood: boolean): boolean {
    const { client } = this;
    if (isGood) this.#goodShares++;
    else this.#badShares++;
    const shares = this.#goodShares + this.#badShares;
    if (shares < BAN_SHARES) return false;
    const percent = this.#badShares / shares * 100;
    this.#goodShares = this.#badShares = 0;
    if (percent < BAN_PERCENT) return false;
    this.#server.ban(client.address);
    client.closeFor("badShares");
    return true;
  }

  #multiplyDifficulty(factor: number): void {
    const { client } = this;
    const wanted = client.difficulty * factor;
    this.#pendingDifficulty = client.bounded(Number(wanted.toFixed(8)));
  }

  #sendJob(): void {
    const { client } = this;
    const pending = this.#pendingDifficulty;
    this.#pendingDifficulty = undefined;
    if (pending !== undefined) this.#tellDifficulty(pending);
    const shared = this.#server.newest;
    if (shared === undefined) return;
    const job = shared.forSize(client.extranonce2Size);
    client.send(formatNotification("mining.notify", client.give(job, job.isClean)));
  }

  #tellDifficulty(difficulty: number): void {
    const { client } = this;
    if (difficulty === this.#toldDifficulty) return;
    if (this.#toldDifficulty !== undefined) this.#previousDifficulty = client.difficulty;
    this.#toldDifficulty = client.difficulty = difficulty;
    client.tellDifficulty();
  }
}

function malformed(text: string): Refusal {
  return { reason: "malformed", code: 20, text, bad: "malformedShare" };
}
