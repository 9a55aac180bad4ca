/**
 * The status server: HTTP for operators, Prometheus and scripts.
 *
 * It must never cost a miner anything: what it cannot do it says to who asked. Bounds: so many
 * requests at a time, bodies of 64 KiB (which no request needs), and a time for a body to come.
 * Deno's HTTP server gives no way to bound the connections that are open, the time their headers
 * take or the time an answer is read in; hence loopback unless there is a token.
 */

import { areaLog } from "../log.ts";
import { problem, RequestProblem } from "./answers.ts";
import { pageFile } from "./page.ts";
import { route, type RouteContext } from "./routes.ts";
import { StatusStream } from "./stream.ts";

/** The longest body that is read. */
export const MAX_BODY_BYTES = 64 * 1024;

/** A body must have come within this time, in milliseconds. */
const BODY_TIMEOUT_MS = 5_000;

/** Requests answered at a time. */
const MAX_REQUESTS = 32;

const log = areaLog("agent");

/** What answers are made of. */
export interface AnswerOptions extends RouteContext {
  /** The bearer token that is wanted; empty for none. */
  readonly token: string;
}

/** What the server is made of. */
export interface StatusServerOptions extends Omit<AnswerOptions, "stream"> {
  /** IP address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
}

/** All that is asked of a request; a `Request` already fits. Nothing in it is checked yet. */
export interface IncomingRequest {
  /** Of any name. */
  readonly method: string;
  /** `http://`, the `Host` header and the path as they came, so it may be no URL at all. */
  readonly url: string;
  /** Its headers. */
  readonly headers: Pick<Headers, "get">;
  /** Its body, which may break off; null for none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A running status server. */
export interface StatusServer {
  /** Where it listens. */
  readonly address: { readonly hostname: string; readonly port: number };
  /** Stops it; resolves when its port is free. Requests under way are cut off. */
  stop(): Promise<void>;
}

/** Starts the server; `undefined`, with a line in the log, if it cannot listen there. */
export function startStatusServer(options: StatusServerOptions): StatusServer | undefined {
  const { hostname, port } = options;
  const where = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  const abort = new AbortController();
  let inHand = 0;
  const stream = new StatusStream(options.source, options.control !== undefined);
  const context = { ...options, stream };
  try {
    const server = Deno.serve({
      hostname,
      port,
      signal: abort.signal,
      onListen: ({ hostname, port }) => {
        const at = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
        log.info("Status and metrics on http://{at}", { at });
      },
      onError: (error) => {
        const stack = error instanceof Error ? error.stack : String(error);
        log.error("A fault of btcagent itself, please report it: {stack}", { stack });
        return problem(new RequestProblem(500, "A fault of btcagent itself; the log has it"));
      },
    }, async (request) => {
      if (inHand >= MAX_REQUESTS) {
        return problem(new RequestProblem(503, `${MAX_REQUESTS} requests are under way already`));
      }
      inHand++;
      try {
        return await answerRequest(context, request);
      } finally {
        inHand--;
      }
    });
    stream.start();
    return {
      address: server.addr,
      stop: async () => {
        stream.stop();
        abort.abort();
        await server.finished;
      },
    };
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse;
    log.warn("No status and metrics on {where}: {found}; set another status.listen", {
      where,
      found: isTaken ? "another program has this port" : error,
    });
    return undefined;
  }
}

/**
 * Everything behind Deno's reading of HTTP: who may ask, what for, and the answer. Throws only for
 * a fault of ours.
 */
export async function answerRequest(
  options: AnswerOptions,
  request: IncomingRequest,
): Promise<Response> {
  const { token } = options;
  const { headers } = request;
  try {
    if (token === "") checkHost(headers.get("host") ?? "");
    const method = request.method === "HEAD" ? "GET" : request.method;
    const url = URL.parse(request.url);
    // The page holds nothing of the farm: what it shows it asks for with the token.
    const page = method === "GET" ? await pageFile(url?.pathname ?? "") : undefined;
    if (page !== undefined) return page;
    if (token !== "") checkToken(headers.get("authorization") ?? "", token);
    await discardBody(request.body);
    if (url === null) throw new RequestProblem(400, "Cannot make out the host and path asked for");
    return route(options, { method, url, accept: headers.get("accept") ?? "" });
  } catch (error) {
    if (error instanceof RequestProblem) return problem(error);
    throw error;
  }
}

/**
 * Without a token only this machine can ask. A page in its browser could too, under a name of its
 * own that leads here: so only addresses and `localhost` are names of ours.
 */
function checkHost(host: string): void {
  if (/^(?:localhost|[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/i.test(host)) return;
  throw new RequestProblem(421, "Not known by this name here, wanted an IP address or localhost");
}

function checkToken(authorization: string, token: string): void {
  if (isSame(authorization, `Bearer ${token}`)) return;
  throw new RequestProblem(401, "Wanted the bearer token of status.token", {
    "www-authenticate": 'Bearer realm="btcagent"',
  });
}

/** Whether both are the same, in a time that says nothing about where they differ. */
function isSame(found: string, wanted: string): boolean {
  let difference = found.length ^ wanted.length;
  for (let i = 0; i < wanted.length; i++) {
    difference |= (found.charCodeAt(i) || 0) ^ wanted.charCodeAt(i);
  }
  return difference === 0;
}

/** Reads the body, which means nothing so far, up to its bound. */
async function discardBody(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RequestProblem(408, `The body took over ${BODY_TIMEOUT_MS / 1000} s`)),
      BODY_TIMEOUT_MS,
    );
  });
  try {
    let length = 0;
    for (;;) {
      const { done, value } = await Promise.race([read(reader), late]);
      if (done) return;
      length += value.length;
      if (length > MAX_BODY_BYTES) {
        throw new RequestProblem(413, `Cannot take a body of over ${MAX_BODY_BYTES} bytes`);
      }
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
}

/** What `reader` gives next; who asked is to blame if its body breaks off or makes no sense. */
async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    throw new RequestProblem(400, "Cannot read the body to its end");
  }
}
