/**
 * The status server: HTTP for operators, Prometheus and scripts.
 *
 * It must never cost a miner anything: what it cannot do it says to who asked. Bounds: so many
 * requests at a time, bodies of 64 KiB (which no request needs), and a time for a body to come.
 * Deno's HTTP server gives no way to bound the connections that are open, the time their headers
 * take or the time an answer is read in; hence loopback unless there is a token.
 */

import { reportFault } from "../fault.ts";
import { areaLog } from "../log.ts";
import { problem, RequestProblem } from "./answers.ts";
import { readBody } from "./body.ts";
import { checkName, checkRights } from "./door.ts";
import { pageFile } from "./page.ts";
import { route, type RouteContext } from "./routes.ts";
import { StatusStream } from "./stream.ts";

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
        reportFault(log, error);
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
    checkName(headers, token);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const url = URL.parse(request.url);
    // The page holds nothing of the farm: what it shows it asks for with the token.
    const page = method === "GET" ? await pageFile(url?.pathname ?? "") : undefined;
    if (page !== undefined) return page;
    checkRights(headers, token, method !== "GET");
    const body = await readBody(request.body);
    if (url === null) throw new RequestProblem(400, "Cannot make out the host and path asked for");
    const accept = headers.get("accept") ?? "";
    const contentType = headers.get("content-type") ?? "";
    return await route(options, { method, url, accept, contentType, body });
  } catch (error) {
    if (error instanceof RequestProblem) return problem(error);
    throw error;
  }
}
