/**
 * Fuzz target: requests to the status server, as text, through everything that is ours of it:
 * behind Deno's reading of HTTP, which a slow and obvious one stands in for.
 */

import assert from "node:assert/strict";
import { MAX_BODY_BYTES } from "../../lib/observe/status/body.ts";
import { answerRequest, type IncomingRequest } from "../../lib/observe/status/server.ts";
import { StatusStream } from "../../lib/observe/status/stream.ts";
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

/** The doors there are: anybody of this machine, with a token, with a token and control. */
class Doors {
  readonly status = new FakeStatus();
  readonly #common = {
    source: this.status,
    workerSeriesMax: 2,
    stream: new StatusStream(this.status, false),
  };
  readonly all = [
    { ...this.#common, token: "", control: undefined },
    { ...this.#common, token: TOKEN, control: undefined },
    { ...this.#common, token: TOKEN, control: this.status },
  ];
}

/** Made with the first input. */
let doors: Doors | undefined;

/** See the head of this file. */
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
    const request = requestOf(input);
    if (request === undefined) return;
    status.changes = 0;
    const response = await answerRequest(door, request);
    const isStream = response.headers.get("content-type")!.startsWith("text/event-stream");
    if (isStream) await response.body!.cancel();
    const text = isStream ? "" : await response.text();
    const isShown = response.status === 200;
    const isPage = PAGE.test(response.headers.get("content-type")!);
    assert.match(String(response.status), /^(?:200|400|401|403|404|405|413|415|421)$/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.match(response.headers.get("cache-control")!, /^no-store/);
    assert.ok(!text.includes(TOKEN) || decoder.decode(input).includes(TOKEN));
    if (door.token === "") {
      assert.ok(!isShown || OWN_NAME.test(request.headers.get("host")!));
    } else {
      const mayAsk = request.headers.get("authorization") === `Bearer ${TOKEN}`;
      assert.equal(
        response.status === 401,
        !mayAsk && !isPage,
        "the token decides, and it alone, but for the page",
      );
    }
    if (status.changes > 0) {
      assert.ok(door.control !== undefined && request.method === "POST");
      assert.equal(status.changes, 1);
      const origin = request.headers.get("origin");
      assert.ok(origin === null || URL.parse(origin)?.host === request.headers.get("host"));
      assert.notEqual(request.headers.get("sec-fetch-site"), "cross-site");
    }
    if (isPage || (isShown && isStream)) return;
    if (isShown && METRICS.test(response.headers.get("content-type")!)) {
      assert.match(text, /^# (?:HELP|TYPE|UNIT) /);
    } else {
      const value = JSON.parse(text);
      if (!isShown) assert.deepEqual(Object.keys(value), ["status", "title"]);
    }
  },
};

const OWN_NAME = /^(?:localhost|[\d.]+|\[[\da-f.:]+\])(?::\d+)?$/i;
const PAGE = /^text\/(?:html|javascript|css);|^image\/svg/;
const METRICS = /^(?:text\/plain|application\/openmetrics-text);/;
const REQUEST_LINE = /^([!#$%&'*+.^`|~\w-]+) (\S+) HTTP\/1\.1$/;

/** What Deno makes of these bytes, as it is not what is tested; `undefined` if it refuses them. */
function requestOf(input: Uint8Array): IncomingRequest | undefined {
  const [head, ...rest] = decoder.decode(input).split("\r\n\r\n");
  const [first, ...lines] = head!.split("\r\n");
  const [, method, path] = REQUEST_LINE.exec(first!) ?? [];
  // deno-lint-ignore no-control-regex -- hyper refuses control codes and what is no ASCII
  if (path === undefined || /[\x00-\x20\x7f-\xff]/.test(path)) return undefined;
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, colon), line.slice(colon + 1));
    } catch {
      return undefined;
    }
  }
  const host = headers.get("host") ?? "";
  const base = `http://${host === "" ? "localhost:9999" : host}`;
  const url = path.includes("://") ? path : base + (path === "*" ? "/*" : path);
  const hasBody = method !== "GET" && method !== "HEAD";
  return {
    method: method!,
    url,
    headers,
    body: hasBody ? bodyOf(headers, encoder.encode(rest.join("\r\n\r\n"))) : null,
  };
}

/** A body in two chunks; one that is shorter than its length, or badly chunked, breaks off. */
function bodyOf(headers: Headers, bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  const length = Number(headers.get("content-length") ?? bytes.length);
  const breaksOff = headers.has("transfer-encoding") || length > bytes.length;
  const half = bytes.length >> 1;
  const chunks = [bytes.subarray(0, half), bytes.subarray(half)];
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (breaksOff) controller.error(new TypeError("body ended before it was complete"));
      else controller.close();
    },
  });
}
