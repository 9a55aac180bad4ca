/**
 * The agent behind the page: asks it, and watches what it sends.
 *
 * The token, if one is required, is asked for once. It is kept until the browser's tab is closed,
 * or in this browser if that was ticked.
 */

/** @import { StreamStateShape, EventShape } from "../shapes.ts" */
/** @import { MarkShape } from "../worker_shapes.ts" */
import { forgetToken, keepToken, knownToken } from "./token_store.js";

/** What was answered to the question for a token. @typedef {{ token: string, isKept: boolean }} TokenAnswer */

/**
 * @typedef {object} Watcher
 * @property {(state: StreamStateShape) => void} state
 * @property {(sample: number[]) => void} sample
 * @property {(events: EventShape[]) => void} events
 * @property {(marks: MarkShape[]) => void} marks
 * @property {() => void} started the stream is read from now on: what was before is not in it
 * @property {() => void} missed the stream goes on after a break, and lacks something
 * @property {() => void} lost
 */

/** Where the agent is: below the page's own folder, which a reverse proxy may have under any path. */
const BASE = new URL("..", import.meta.url);

/** Several agents may be under one host, each with a token of its own. */
const TOKEN_KEY = `btcagent.token ${BASE.pathname}`;

/** The agent is gone after this long without an event, in milliseconds. */
const SILENCE_MS = 8_000;

/** Pauses before the next try. */
const RETRY_MS = [500, 1000, 2000, 3000];

/** What the agent answered if it was not what was asked for. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Agent {
  /** @type {(wasWrong: boolean) => Promise<TokenAnswer>} */
  #askToken;
  /** @type {Promise<TokenAnswer> | undefined} */
  #asking;
  /** Where the stream was read up to: what was missed since then is sent again. */
  #lastEventId = "";

  /** @param {(wasWrong: boolean) => Promise<TokenAnswer>} askToken */
  constructor(askToken) {
    this.#askToken = askToken;
  }

  /** Whether a token is known. */
  get hasToken() {
    return knownToken(TOKEN_KEY) !== null;
  }

  /** Forgets the token, and asks for it again. */
  forgetToken() {
    forgetToken(TOKEN_KEY);
    location.reload();
  }

  /**
   * Saves an answer as a file. A link alone would be asked for without the token.
   *
   * @param {string} path
   * @param {string} name of the file
   */
  async download(path, name) {
    const url = URL.createObjectURL(await (await this.#fetch(path, {})).blob());
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    // Frees the data after a minute: by then, the browser has saved it.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** Where an answer is, for links. @param {string} path */
  urlOf(path) {
    return new URL(path, BASE).href;
  }

  /**
   * A JSON answer.
   *
   * @param {string} path
   * @returns {Promise<any>}
   */
  async get(path) {
    return await (await this.#fetch(path, {})).json();
  }

  /**
   * Asks for something to be done, and returns the answer.
   *
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async post(path, body) {
    const init = body === undefined ? { method: "POST" } : {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    };
    return await (await this.#fetch(path, init)).json();
  }

  /**
   * Watches forever: after a loss it tries again.
   *
   * @param {Watcher} watcher
   */
  async watch(watcher) {
    for (let tries = 0;; tries++) {
      try {
        await this.#watchOnce(watcher, () => tries = 0);
      } catch {
        // Whatever it was, it is over and tried again.
      }
      watcher.lost();
      const pause = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** @param {Watcher} watcher @param {() => void} heard */
  async #watchOnce(watcher, heard) {
    const abort = new AbortController();
    let timer = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const known = this.#lastEventId;
      /** @type {Record<string, string>} */
      const headers = known === "" ? {} : { "last-event-id": known };
      const response = await this.#fetch("api/v1/stream", { signal: abort.signal, headers });
      if (response.body === null) return;
      if (known === "") watcher.started();
      let text = "";
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), SILENCE_MS);
        heard();
        const blocks = (text + piece).split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          dispatch(watcher, block);
          this.#lastEventId = /^id: (.*)$/m.exec(block)?.[1] ?? this.#lastEventId;
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {string} path below the agent's own @param {RequestInit} init */
  async #fetch(path, init) {
    for (;;) {
      const token = knownToken(TOKEN_KEY);
      const headers = new Headers(init.headers);
      if (token !== null) headers.set("authorization", `Bearer ${token}`);
      const response = await fetch(new URL(path, BASE), { ...init, headers });
      if (response.status === 401) {
        await this.#newToken(token);
        // A signal may have gone off while the token was asked for.
        if (init.signal?.aborted) throw new Refusal(401, "Asked again");
        continue;
      }
      if (!response.ok) throw new Refusal(response.status, await problemOf(response));
      return response;
    }
  }

  /**
   * Asks for a token, once for all requests that want one.
   *
   * @param {string | null} wrong the one that was refused
   */
  async #newToken(wrong) {
    if (knownToken(TOKEN_KEY) !== wrong) return;
    forgetToken(TOKEN_KEY);
    this.#asking ??= this.#askToken(wrong !== null);
    const { token, isKept } = await this.#asking;
    keepToken(TOKEN_KEY, token, isKept);
    this.#asking = undefined;
  }
}

/** @param {Response} response */
async function problemOf(response) {
  try {
    const { title, problems = [] } = await response.json();
    const lines = problems.map((/** @type {Record<string, unknown>} */ problem) =>
      `${problem["line"]}:${problem["column"]} ${problem["key"]}: ${problem["found"]}, ` +
      `wanted ${problem["wanted"]}`
    );
    return [title, ...lines].join("\n");
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

/**
 * One event of the stream.
 *
 * @param {Watcher} watcher
 * @param {string} block
 */
function dispatch(watcher, block) {
  const kind = /^event: (.*)$/m.exec(block)?.[1];
  const data = /^data: (.*)$/m.exec(block)?.[1];
  if (data === undefined) return;
  if (kind === "state") watcher.state(JSON.parse(data));
  if (kind === "sample") watcher.sample(JSON.parse(data));
  if (kind === "events") watcher.events(JSON.parse(data));
  if (kind === "marks") watcher.marks(JSON.parse(data));
  if (kind === "missed") watcher.missed();
}
