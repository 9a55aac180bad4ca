/**
 * The status server: HTTP for operators, Prometheus and scripts. It must never cost a miner
 * anything, so it turns requests away when it is busy. Its connections and requests are bounded,
 * every wait for a client ends, answers are made between the work for miners, and all of it has a
 * time budget (`turns.ts`).
 */

import type { Now, Time } from "../../base/clock.ts";
import { reportFault } from "../fault.ts";
import type { HttpRequest } from "../http/connection.ts";
import { HttpServer } from "../http/server.ts";
import { areaLog } from "../log.ts";
import { problem, RequestProblem } from "./answers.ts";
import { readBody } from "./body.ts";
import { MAX_CONNECTIONS, MAX_REQUESTS, StatusBounds } from "./bounds.ts";
import { accessOf, checkName, checkOrigin, checkToken } from "./door.ts";
import { LongAnswers } from "./long_answers.ts";
import { pageFile } from "./page.ts";
import { health, HEALTH_PATH, route, type RouteContext } from "./routes.ts";
import { StatusStream } from "./stream.ts";
import { Turns, TurnsStopped } from "./turns.ts";

const log = areaLog("agent");

const STOPPED = new RequestProblem(503, "btcagent is stopping");

/** The data to serve, and the tokens that protect it. */
export interface StatusOptions extends Pick<RouteContext, "source" | "control"> {
  /** The most workers with metrics of their own. */
  readonly workerSeriesMax: number;
  /** The bearer token for everything; empty for none. */
  readonly token: string;
  /** The bearer token that only reads; empty for none. Without any, no token is required. */
  readonly readToken?: string;
  /** Clock and timers for making and dating answers. */
  readonly time: Time;
}

/** What is needed to answer requests. */
export interface AnswerOptions extends RouteContext, StatusOptions {}

/** What is needed to start the server. */
export interface StatusServerOptions extends StatusOptions {
  /** IP address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
  /** Monotonic time, for the deadlines of clients. */
  readonly now: Now;
}

/** A running status server. */
export interface StatusServer {
  /** The address it listens on. */
  readonly address: { readonly hostname: string; readonly port: number };
  /** Stops it; resolves when its port is free. Requests under way are cut off. */
  stop(): Promise<void>;
}

/** Prepares everything that answers need besides the request. */
export function answerOptions(options: StatusOptions): AnswerOptions {
  const { time } = options;
  const [turns, bounds] = [new Turns(time), new StatusBounds(time.now)];
  const stream = new StatusStream({ ...options, turns, bounds });
  return { ...options, turns, bounds, stream, long: new LongAnswers(turns), wallNow: time.wallNow };
}

/**
 * Starts the server. Returns `undefined`, with a line in the log, if it cannot listen on the
 * address.
 */
export function startStatusServer(options: StatusServerOptions): StatusServer | undefined {
  const { hostname, port, now, time } = options;
  const context = answerOptions(options);
  const { turns, bounds, stream } = context;
  let inHand = 0;
  try {
    const server = new HttpServer({
      hostname,
      port,
      maxConnections: MAX_CONNECTIONS,
      full: () => bounds.reached("status_connections"),
      now,
      time,
      turn: () => turns.request(),
      refuse: ({ status, message }) => problem(new RequestProblem(status, message)),
      answer: async (request) => {
        if (inHand >= MAX_REQUESTS) {
          bounds.reached("status_requests");
          return problem(
            new RequestProblem(503, `${MAX_REQUESTS} requests are under way already`, {
              "retry-after": "1",
            }),
          );
        }
        inHand++;
        try {
          return await answerRequest(context, request);
        } catch (error) {
          if (error instanceof TurnsStopped) return problem(STOPPED);
          reportFault(log, error);
          return problem(new RequestProblem(500, "A fault of btcagent itself; see its log"));
        } finally {
          inHand--;
        }
      },
    });
    stream.start();
    const at = formatPlace(server.address.hostname, server.address.port);
    log.info("Status and metrics on http://{at}", { at });
    return {
      address: server.address,
      stop: async () => {
        stream.stop();
        turns.stop();
        await server.stop();
      },
    };
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse;
    log.warn("Status server cannot listen on {where}: {found}; set another status.listen", {
      where: formatPlace(hostname, port),
      found: isTaken ? "another program has this port" : error,
    });
    return undefined;
  }
}

/**
 * Checks and answers a request after its HTTP was read. Throws only for a fault of btcagent itself.
 */
export async function answerRequest(
  options: AnswerOptions,
  request: HttpRequest,
): Promise<Response> {
  const { token, readToken = "", source, time, turns, bounds } = options;
  const { headers } = request;
  try {
    const tokens = { token, readToken };
    checkName(headers, tokens);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const url = URL.parse(request.url);
    const path = pathOf(url);
    checkOrigin(headers, method === "GET" && path === "/");
    // Everybody gets a yes or no: probes have no token.
    if (method === "GET" && path === HEALTH_PATH) {
      return turns.now(() => health(source, accessOf(headers, tokens) !== "none"));
    }
    // The page contains no data of the farm: it asks for data with the token.
    const page = method === "GET" ? await pageFile(path) : undefined;
    if (page !== undefined) return page;
    const access = accessOf(headers, tokens);
    checkToken(access);
    if (turns.isSpent) {
      bounds.reached("status_time");
      const seconds = turns.secondsUntilMore;
      const title = `The time budget for answers is used up, try again in ${seconds} s`;
      throw new RequestProblem(503, title, { "retry-after": String(seconds) });
    }
    const body = await readBody(request.body, time);
    if (url === null) throw new RequestProblem(400, "Cannot read the host and path of the request");
    const accept = headers.get("accept") ?? "";
    const contentType = headers.get("content-type") ?? "";
    const query = url.searchParams;
    const lastEventId = headers.get("last-event-id") ?? "";
    return await route(options, {
      method,
      path,
      query,
      accept,
      contentType,
      body,
      mayChange: access === "change",
      lastEventId,
    });
  } catch (error) {
    if (error instanceof RequestProblem) return problem(error);
    throw error;
  }
}

/** Returns the request's path without extra slashes, which reverse proxies and people add. */
function pathOf(url: URL | null): string {
  const path = (url?.pathname ?? "").replace(/\/{2,}/g, "/");
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function formatPlace(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
