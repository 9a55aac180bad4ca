/**
 * Fuzz target: requests to the status server, as bytes, from the reading of HTTP to the answer.
 */

import assert from "node:assert/strict";
import { type Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { MAX_BODY_BYTES } from "../../lib/observe/status/body.ts";
import {
  HttpConnection,
  type HttpRequest,
  type Stream,
} from "../../lib/observe/http/connection.ts";
import { problem, RequestProblem } from "../../lib/observe/status/answers.ts";
import {
  type AnswerOptions,
  answerOptions,
  answerRequest,
} from "../../lib/observe/status/server.ts";
import { FakeStatus } from "../../tests/support/fake_status.ts";
import { type Dice, type FuzzTarget, hexDigits, jsonValue, mutate } from "./target.ts";

const TOKEN = "s3cret";
const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

const METHODS = ["GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS", "get", "X!"];

const PATHS = [
  "/metrics",
  "/healthz",
  "/api/v1/summary",
  "/api/v1/miners",
  "/api/v1/miners",
  "/api/v1/miner-table",
  "/api/v1/history",
  "/api/v1/stream",
  "/api/v1/upstreams",
  "/api/v1/events",
  "/api/v1/config",
  "/api/v1/log-level",
  "/api/v1/log-level",
  "/api/v1/reload",
  "/api/v1/pools/1/pin",
  "/api/v1/pools/0/pin",
  "/api/v1/pools/auto",
  "/",
  "/page/app.js",
  "/page/../page.ts",
  "*",
  "//metrics",
  "/api/v1/../v1/config",
  "/%61pi/v1/summary",
  "/api\\v1\\summary",
  "http://127.0.0.1/metrics",
  "http://[/metrics",
  "ws://u:p@x:1/metrics#x",
];

const IDS = ["00000000", "00000004", "00000005", "ffffffff", "0000000G", "..", "%30", "__proto__"];

const HOSTS = [
  "127.0.0.1:9999",
  "127.0.0.1:9999",
  "localhost",
  "[::1]:9999",
  "LOCALHOST:1",
  "[::::]",
  "999.1.1.1",
  "1.2.3.4.5",
  "127.0.0.1:99999",
  "...",
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1@evil.example",
  "",
];

const QUERY_NAMES = ["q", "state", "asicboost", "sort", "offset", "limit", "__proto__", ""];
const QUERY_VALUES = [
  "working",
  "rig",
  "-worker",
  "last_share",
  "-accepted",
  "constructor",
  "0",
  "1",
  "1000",
  "1001",
  "-1",
  "1e3",
  "9999999",
  "%00",
  "%ff",
  "%zz",
  "%F0%9F%98%80",
  "+",
  "",
];

const AUTHORIZATIONS = [
  `Bearer ${TOKEN}`,
  `Bearer ${TOKEN}`,
  `bearer ${TOKEN}`,
  `Bearer ${TOKEN} `,
  `Bearer  ${TOKEN}`,
  `Bearer ${TOKEN}x`,
  "Bearer s3cre",
  "Bearer ",
  `Basic ${TOKEN}`,
  TOKEN,
  `Bearer ${TOKEN}, Bearer ${TOKEN}`,
];

const ORIGINS = ["http://127.0.0.1:9999", "https://evil.example", "null", "http://localhost"];

const BODIES = [
  '{"level":"debug"}',
  '{"area":"pool","level":"error"}',
  '{"area":"constructor","level":"info"}',
  '{"level":"debug","x":1}',
  "[]",
  "null",
  "{",
];

function target(dice: Dice): string {
  const path = dice.oneIn(3)
    ? `/api/v1/miners/${dice.oneIn(4) ? hexDigits(dice, dice.below(70)) : dice.pick(IDS)}${
      dice.oneIn(2) ? "/disconnect" : ""
    }`
    : dice.pick(PATHS);
  if (!dice.oneIn(3)) return path;
  const pair = () =>
    `${dice.pick(QUERY_NAMES)}=${
      dice.oneIn(6) ? encodeURIComponent(jsonValue(dice).toWellFormed()) : dice.pick(QUERY_VALUES)
    }`;
  return `${path}?${dice.many(4, pair).join("&")}`;
}

function headers(dice: Dice): string[] {
  const lines = [`Host: ${dice.pick(HOSTS)}`];
  if (!dice.oneIn(3)) lines.push(`Authorization: ${dice.pick(AUTHORIZATIONS)}`);
  if (dice.oneIn(3)) {
    lines.push(
      `Accept: ${dice.pick(["*/*", "application/openmetrics-text; version=1.0.0", ",;"])}`,
    );
  }
  if (dice.oneIn(4)) lines.push(`Origin: ${dice.pick(ORIGINS)}`);
  if (dice.oneIn(6)) lines.push(`Sec-Fetch-Site: ${dice.pick(["same-origin", "cross-site"])}`);
  if (dice.oneIn(2)) lines.push("Content-Type: application/json");
  if (dice.oneIn(8)) lines.push(`Content-Length: ${dice.pick(["0", "5", "70000", "-1", "1e9"])}`);
  if (dice.oneIn(8)) lines.push("Transfer-Encoding: chunked");
  if (dice.oneIn(20)) lines.push(`X: ${"y".repeat(dice.below(3000))}`);
  return lines;
}

/** Inputs come faster than any budget of time allows. */
const STILL: Time = { ...systemTime, now: () => 0 };

/** The three kinds of access: everybody on this machine, with a token, with a token and control. */
class Doors {
  readonly status = new FakeStatus();
  readonly #common = { source: this.status, workerSeriesMax: 2, time: STILL };
  readonly all = [
    answerOptions({ ...this.#common, token: "", control: undefined }),
    answerOptions({ ...this.#common, token: TOKEN, control: undefined }),
    answerOptions({ ...this.#common, token: TOKEN, control: this.status }),
  ];
}

/** Made with the first input. */
let doors: Doors | undefined;

/** Requests to the status server, as bytes. */
export const STATUS_HTTP: FuzzTarget = {
  name: "status-http",

  generate(dice) {
    const head = [`${dice.pick(METHODS)} ${target(dice)} HTTP/1.1`, ...headers(dice)];
    const size = dice.oneIn(200) ? MAX_BODY_BYTES + dice.below(2) : dice.below(60);
    const body = dice.oneIn(2) ? dice.pick(BODIES) : dice.oneIn(4) ? "b".repeat(size) : "";
    return mutate(dice, encoder.encode(head.join("\r\n") + "\r\n\r\n" + body));
  },

  async run(input) {
    const { status, all } = doors ??= new Doors();
    const door = all[input.length % all.length]!;
    const pipe = new Pipe(input);
    let failure: { readonly error: unknown } | undefined;
    const connection = new HttpConnection(pipe, {
      answer: async (request) => {
        status.changes = 0;
        const response = await answerRequest(door, request);
        try {
          await check(input, door, status, request, response.clone());
        } catch (error) {
          failure ??= { error };
        }
        // An endless answer would be waited for.
        if (isStream(response)) await response.body!.cancel();
        return isStream(response) ? problem(new RequestProblem(404, "A stream")) : response;
      },
      refuse: (found) => problem(new RequestProblem(found.status, found.message)),
      turn: () => Promise.resolve(),
      now: STILL.now,
      time: STILL,
    });
    await connection.serve();
    if (failure !== undefined) throw failure.error;
    assert.ok(pipe.isClosed);
    for (const [, code] of decoder.decode(pipe.written).matchAll(/^HTTP\/1\.1 (\d+) /gm)) {
      assert.match(code!, /^(?:100|200|400|401|403|404|405|408|413|415|421|431|501|505)$/);
    }
  },
};

/** Fails if `response` is not what `door` may give for `request`. */
async function check(
  input: Uint8Array,
  door: AnswerOptions,
  status: FakeStatus,
  request: HttpRequest,
  response: Response,
): Promise<void> {
  const text = isStream(response) ? "" : await response.text();
  // Settles when the other copy is cancelled, too.
  if (isStream(response)) void response.body!.cancel();
  const isShown = response.status === 200;
  const isPage = PAGE.test(response.headers.get("content-type")!);
  const isHealth = /^\{"serving":(?:true|false)\}\n$/.test(text);
  assert.match(String(response.status), /^(?:200|400|401|403|404|405|413|415|421)$/);
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.match(response.headers.get("cache-control")!, /^no-store/);
  assert.ok(!text.includes(TOKEN) || decoder.decode(input).includes(TOKEN));
  const own = request.headers.get("host") ?? "";
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  if (door.token === "") {
    assert.ok(!isShown || own === "" || OWN_NAME.test(own));
  } else if (isShown && !isPage && !isHealth) {
    const sent = request.headers.get("authorization") ?? "";
    assert.match(sent, new RegExp(`^bearer +${TOKEN} *$`, "i"));
  }
  if (isShown && !isPage || status.changes > 0) {
    assert.notEqual(site, "cross-site");
    const isOwn = origin === null || URL.parse(origin)?.host === URL.parse(`http://${own}`)?.host;
    assert.ok(isOwn || site === "same-origin");
  }
  if (status.changes > 0) {
    assert.ok(door.control !== undefined && request.method === "POST");
    assert.equal(status.changes, 1);
  }
  if (isPage || isShown && isStream(response)) return;
  if (isShown && METRICS.test(response.headers.get("content-type")!)) {
    assert.match(text, /^# (?:HELP|TYPE|UNIT) /);
  } else {
    const value = JSON.parse(text);
    if (!isShown) assert.deepEqual(Object.keys(value), ["status", "title"]);
  }
}

const OWN_NAME = /^(?:localhost\.?|[\d.]+|\[[\da-f.:]+\])(?::\d+)?$/i;
const PAGE = /^text\/(?:html|javascript|css);|^image\/svg/;
const METRICS = /^(?:text\/plain|application\/openmetrics-text);/;

function isStream({ headers }: Response): boolean {
  return headers.get("content-type")!.startsWith("text/event-stream");
}

/** A client that has sent its whole request, in two parts, and reads everything. */
class Pipe implements Stream {
  readonly #parts: Uint8Array[];
  /** All that was written to it. */
  written = new Uint8Array(0);
  /** Whether it was closed. */
  isClosed = false;

  constructor(input: Uint8Array) {
    const half = input.length >> 1;
    this.#parts = [input.subarray(0, half), input.subarray(half)].filter(({ length }) =>
      length > 0
    );
  }

  read(into: Uint8Array): Promise<number | null> {
    const part = this.#parts.shift();
    if (part === undefined) return Promise.resolve(null);
    const count = Math.min(part.length, into.length);
    into.set(part.subarray(0, count));
    if (count < part.length) this.#parts.unshift(part.subarray(count));
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    const all = new Uint8Array(this.written.length + bytes.length);
    all.set(this.written);
    all.set(bytes, this.written.length);
    this.written = all;
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}
