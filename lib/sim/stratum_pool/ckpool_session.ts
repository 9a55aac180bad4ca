/**
 * One connection to the simulated ckpool.
 */

import { formatNotification } from "../../protocol/stratum/message.ts";
import type { RequestId } from "../../protocol/stratum/request_id.ts";
import type { PoolClient } from "./client.ts";
import type { CkpoolServer } from "./ckpool.ts";
import { judgeCkpoolShare } from "./ckpool_share.ts";
import { CkpoolVardiff } from "./ckpool_vardiff.ts";
import type { PoolSession } from "./personality.ts";
import { formatDouble, line, listOf, readRequest, textOf } from "./request.ts";
import type { SharedJob } from "./shared_job.ts";

/** The id of its pings. */
const PING_ID = 42;
/** After this time of only bad shares it resends the job, asks to reconnect, and closes. */
const BAD_MS = { resend: 60_000, reconnect: 120_000, close: 180_000 } as const;
/** A difficulty in a password. */
const PASSWORD_DIFFICULTY = /(?:^|,)diff=([0-9.eE+-]+)/;

/** One connection. */
export class CkpoolSession implements PoolSession {
  /** The client it serves. */
  readonly client: PoolClient;
  readonly #server: CkpoolServer;
  readonly #vardiff: CkpoolVardiff | undefined;
  #session = "";
  /** An authorize that another thread of the real server handles, after the rest of the read. */
  #authorizing: { readonly id: RequestId; readonly params: readonly unknown[] } | undefined;
  /** The difficulty of jobs before `#changeSequence`. */
  #oldDifficulty: number;
  #changeSequence = 0;
  /** The difficulty the client suggested. */
  #floor = 0;
  #subscribedAtMs = 0;
  #badSinceMs: number | undefined;
  #badStage = 0;

  /** Serves a new connection. */
  constructor(client: PoolClient, server: CkpoolServer) {
    this.client = client;
    this.#server = server;
    this.#oldDifficulty = client.difficulty;
    const { vardiff } = client.settings;
    if (vardiff !== undefined) this.#vardiff = new CkpoolVardiff(vardiff);
  }

  /** Handles one line. */
  receive(text: string): void {
    const { client } = this;
    client.reading(text);
    const request = readRequest(text);
    if (request === undefined) {
      client.bad("notJson");
      client.send("Invalid JSON, disconnecting");
      return client.close();
    }
    const { id, method, params } = request;
    if (request.isAnswer) return;
    if (typeof method !== "string") return this.#protest(id, "-3:method not found");
    if (!Array.isArray(params)) return this.#protest(id, "-1:params not found");
    this.#request(id, method, params);
  }

  /** Answers the authorize of this read, as another thread of the real server does. */
  readEnded(): void {
    const waiting = this.#authorizing;
    this.#authorizing = undefined;
    if (waiting !== undefined && !this.client.isClosed) this.#authorize(waiting.id, waiting.params);
  }

  /** Sends the new job or jobs. */
  announce(): void {
    if (!this.client.isSubscribed) return;
    const [first, second] = this.#server.newest;
    if (first !== undefined) this.#notify(first, first.template.isNewBlock);
    if (second !== undefined) this.#notify(second, false);
  }

  /** Sends a ping while the node is gone. */
  nodeGone(): void {
    if (this.client.isSubscribed) this.ping();
  }

  /** Sends a ping. */
  ping(): void {
    this.client.send(line({ params: "[]", method: '"mining.ping"' }, PING_ID, 1));
  }

  /** Sends the difficulty at once, alone. */
  setDifficulty(difficulty: number): void {
    const { client } = this;
    if (difficulty === client.difficulty) return;
    // After a raise, jobs up to the first new one keep the old difficulty; a lower one applies at
    // once to all.
    this.#oldDifficulty = Math.min(client.difficulty, difficulty);
    this.#changeSequence = this.#server.sequence + 2;
    client.difficulty = difficulty;
    this.#vardiff?.restart(client.time.now());
    this.#tellDifficulty();
  }

  /** Closes a connection that does not subscribe or authorize in time, or that is idle. */
  tick(): void {
    const { client } = this;
    const { unsubscribedMs, unauthorizedMs, idleMs } = client.settings.timeouts;
    if (
      client.isSubscribed
        ? !client.isAuthorized && client.isLate(this.#subscribedAtMs, unauthorizedMs) ||
          client.isAuthorized && client.isLate(client.lastShareAtMs, idleMs)
        : client.isLate(client.openedAtMs, unsubscribedMs)
    ) client.closeFor("idle");
  }

  /** Ends the session and keeps its extranonce1. */
  closed(): void {
    if (this.client.isSubscribed) this.#server.end(this.#session, this.client.extranonce1);
  }

  /** Returns the difficulty for shares of this job. */
  difficultyFor(job: SharedJob): number {
    return job.sequence < this.#changeSequence ? this.#oldDifficulty : this.client.difficulty;
  }

  /** Notes a good share. */
  shareGood(credited: number): void {
    const { client } = this;
    const now = client.time.now();
    client.lastShareAtMs = now;
    this.#badSinceMs = undefined;
    this.#badStage = 0;
    const wanted = this.#vardiff?.accepted(credited, client.difficulty, now);
    if (wanted !== undefined) this.setDifficulty(this.#bounded(wanted));
  }

  /** Notes a bad share: many in a row have consequences. */
  shareBad(): void {
    const { client } = this;
    const now = client.time.now();
    this.#badSinceMs ??= now;
    const ranMs = now - this.#badSinceMs;
    if (ranMs > BAD_MS.close && this.#badStage < 3) {
      this.#badStage = 3;
      client.closeFor("badShares");
    } else if (ranMs > BAD_MS.reconnect && this.#badStage < 2) {
      this.#badStage = 2;
      client.bad("badShares");
      client.send(formatNotification("client.reconnect", "[]"));
    } else if (ranMs > BAD_MS.resend && this.#badStage < 1) {
      this.#badStage = 1;
      client.bad("badShares");
      this.#notify(this.#server.newest.at(-1)!, true);
      this.#tellDifficulty();
    }
  }

  #request(id: RequestId, method: string, params: readonly unknown[]): void {
    const { client } = this;
    switch (method) {
      case "mining.configure":
        return client.send(line(
          { result: this.#configured(params), error: "null" },
          id,
          1,
        ));
      case "mining.subscribe":
        return client.isSubscribed ? client.bad("secondSubscribe") : this.#subscribe(id, params[1]);
      case "mining.authorize":
        if (client.isAuthorized || this.#authorizing !== undefined) {
          return client.bad("secondAuthorize");
        }
        this.#authorizing = { id, params };
        return;
    }
    if (!client.isSubscribed) return client.closeFor("firstRequest");
    // Requests before authorize in the same read get no answer.
    if (this.#authorizing !== undefined && method !== "mining.submit") return;
    this.#laterRequest(id, method, params);
  }

  #laterRequest(id: RequestId, method: string, params: readonly unknown[]): void {
    const { client, client: { settings } } = this;
    switch (method) {
      case "mining.submit":
        return judgeCkpoolShare(this, this.#server, id, params);
      case "mining.extranonce.subscribe":
        if (this.#server.hasReasons) return client.unknown();
        return client.send(
          line({ result: "null", error: '[20,"Not supported.",null]' }, id, 2),
        );
      case "mining.suggest_difficulty": {
        const [wanted] = params;
        if (this.#server.hasReasons || typeof wanted !== "number" || !(wanted > 0)) return;
        this.#floor = Math.max(settings.minDifficulty, rounded(wanted));
        return this.setDifficulty(this.#bounded(this.#floor));
      }
      case "mining.get_transactions":
        return client.send(line({ error: '"Invalid job_id"' }, id, 0));
      default:
        client.unknown();
    }
  }

  #configured([asked]: readonly unknown[]): string {
    if (!listOf(asked).includes("version-rolling")) return "{}";
    this.client.hasAgreedVersions = true;
    const mask = this.client.versionMask.toString(16).padStart(8, "0");
    return `{"version-rolling":true,"version-rolling.mask":"${mask}"}`;
  }

  #subscribe(id: RequestId, resumed: unknown): void {
    const { client } = this;
    const { session, extranonce1 } = this.#server.begin(resumed);
    this.#session = session;
    client.extranonce1 = extranonce1;
    client.isSubscribed = true;
    this.#subscribedAtMs = client.time.now();
    client.send(line(
      {
        result: `[[["mining.notify","${session}"]],"${extranonce1}",${client.extranonce2Size}]`,
        error: "null",
      },
      id,
      1,
    ));
    this.#tellDifficulty();
    const job = this.#server.newest.at(-1);
    if (job !== undefined) this.#notify(job, true);
  }

  #authorize(id: RequestId, [name, password]: readonly unknown[]): void {
    const { client } = this;
    const problem = this.#problemWith(name);
    if (problem !== undefined) {
      if (problem !== NOT_SUBSCRIBED) client.bad("refusedName");
      return client.send(line({ result: "false", error: problem }, id, 2));
    }
    const wanted = Number(PASSWORD_DIFFICULTY.exec(textOf(password))?.[1]);
    if (wanted > 0 && !this.#server.hasReasons) {
      this.#floor = Math.max(client.settings.minDifficulty, rounded(wanted));
      this.setDifficulty(this.#bounded(this.#floor));
    }
    client.named(textOf(name));
    client.isAuthorized = true;
    client.lastShareAtMs = client.time.now();
    client.send(line({ result: "true", error: "null" }, id, 2));
    if (this.#server.hasReasons) this.#tellDifficulty();
  }

  /** The error of an authorize, as JSON. */
  #problemWith(name: unknown): string | undefined {
    const { settings, faults, isSubscribed } = this.client;
    if (!isSubscribed) return NOT_SUBSCRIBED;
    if (typeof name !== "string" || name === "") return '"Empty workername parameter"';
    if (/^[._]/.test(name)) return '"Empty username parameter"';
    if (name.includes("/")) return '"Invalid character in username"';
    const [account] = name.split(/[._]/, 1) as [string];
    const isKnown = settings.accounts?.includes(account) ?? true;
    return isKnown && !faults.refuseAuthorize ? undefined : "null";
  }

  #bounded(difficulty: number): number {
    return this.client.bounded(Math.max(this.#floor, difficulty));
  }

  #tellDifficulty(): void {
    const { client } = this;
    client.tellDifficulty(line(
      { params: `[${formatDouble(client.difficulty)}]`, method: '"mining.set_difficulty"' },
      null,
      1,
    ));
  }

  #notify(shared: SharedJob, isClean: boolean): void {
    const params = this.client.give(shared.forSize(this.client.extranonce2Size), isClean);
    this.client.send(line({ params, method: '"mining.notify"' }, null, 1));
  }

  #protest(id: RequestId, error: string): void {
    this.client.bad("notRequest");
    this.client.send(line({ error: `"${error}"` }, id, 0));
  }
}

const NOT_SUBSCRIBED = '"Failed subscription"';

/** Returns a wished difficulty with the digits it was written with, as the real server reads it. */
function rounded(difficulty: number): number {
  if (difficulty >= 1) return difficulty;
  const unit = 10 ** Math.floor(Math.log10(difficulty));
  return Math.round(difficulty / unit * 1e6) / 1e6 * unit;
}
