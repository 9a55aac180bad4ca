/**
 * What we send to an ordinary Stratum pool (pools.md): nothing that any pool known closes on.
 *
 * Ids are whole numbers from 1; hex is lower case and of full width, since some pools compare texts
 * and would take the same work twice.
 */

import { formatHex32 } from "../../base/hex.ts";
import { formatDifficulty } from "./difficulty.ts";
import { formatRequestId, type RequestId } from "./request_id.ts";

/** The version bits we ask for: those that BIP 320 reserves. */
export const ASKED_MASK = 0x1fffe000;

/** The id of each request of the handshake. Submits count on from {@linkcode FIRST_SUBMIT_ID}. */
export const REQUEST_ID = { configure: 1, subscribe: 2, suggest: 3, authorize: 4 } as const;

/** The id of the first submit of a connection. */
export const FIRST_SUBMIT_ID = 5;

/**
 * The first id of what authorizes workers on a connection that is ready: no connection has as many
 * submits, and pools that keep ids in 32 bits keep these.
 */
export const FIRST_LOGIN_ID = 2_000_000_000;

/** What we say of ourselves. */
export interface StratumLogin {
  /** Of btcagent. */
  readonly version: string;
  /** The name to authorize as. */
  readonly user: string;
  /** What goes with it; may be empty. */
  readonly password: string;
  /** The difficulty to suggest; `undefined` for none. */
  readonly suggestedDifficulty: number | undefined;
}

/** Asks for version rolling alone, always with both parameters. */
export function configureRequest(): string {
  const mask = {
    "version-rolling.mask": formatHex32(ASKED_MASK),
    "version-rolling.min-bit-count": 2,
  };
  return request(REQUEST_ID.configure, "mining.configure", [["version-rolling"], mask]);
}

/** What is asked to hear the extranonce2 size alone: no login. Each line ended by LF. */
export function sizeRequests(version: string): string {
  return `${configureRequest()}\n${subscribeRequest(version)}\n`;
}

/** What the handshake begins with: all requests in one, each ended by LF. */
export function openingRequests(login: StratumLogin): string {
  const { version, user, password, suggestedDifficulty } = login;
  const lines = [
    configureRequest(),
    subscribeRequest(version),
  ];
  if (suggestedDifficulty !== undefined) {
    // As a plain number: not every pool reads exponents.
    lines.push(
      `{"id":${REQUEST_ID.suggest},"method":"mining.suggest_difficulty","params":[${
        formatDifficulty(suggestedDifficulty)
      }]}`,
    );
  }
  lines.push(
    authorizeRequest(REQUEST_ID.authorize, JSON.stringify(user), JSON.stringify(password)),
  );
  return lines.map((line) => line + "\n").join("");
}

/** The line that authorizes a name, without its LF; name and password are JSON texts. */
export function authorizeRequest(id: number, nameJson: string, passwordJson: string): string {
  return `{"id":${id},"method":"mining.authorize","params":[${nameJson},${passwordJson}]}`;
}

/** What a submit says. */
export interface Submit {
  /** A whole number from {@linkcode FIRST_SUBMIT_ID}. */
  readonly id: number;
  /** The worker's name as JSON text. */
  readonly workerJson: string;
  /** The pool's id of the job. */
  readonly poolJobId: string;
  /** In lower-case hex, as long as the pool wants it. */
  readonly extranonce2: string;
  /** The header's time, 32 bits. */
  readonly ntime: number;
  /** The header's nonce, 32 bits. */
  readonly nonce: number;
  /** What was changed in the job's version; `undefined` where the pool did not agree to that. */
  readonly versionBits: number | undefined;
}

/** The line of a submit, without its LF. */
export function submitRequest(submit: Submit): string {
  const { id, workerJson, poolJobId, extranonce2, ntime, nonce, versionBits } = submit;
  const bits = versionBits === undefined ? "" : `,"${formatHex32(versionBits)}"`;
  return `{"id":${id},"method":"mining.submit","params":[${workerJson},${
    JSON.stringify(poolJobId)
  },"${extranonce2}","${formatHex32(ntime)}","${formatHex32(nonce)}"${bits}]}`;
}

/** A line of {@linkcode submitRequest} with another name. */
export function submitAs(submit: string, workerJson: string): string {
  return submit.replace(SUBMIT_NAME, (_, before: string) => before + workerJson);
}

/** Of a submit all up to the name, and the name. */
const SUBMIT_NAME = /^(\{"id":[0-9]+,"method":"mining.submit","params":\[)"(?:[^"\\]|\\.)*"/;

/** The answer to `client.get_version`. */
export function versionAnswer(id: RequestId, version: string): string {
  return `{"id":${formatRequestId(id)},"result":${
    JSON.stringify(`btcagent/${version}`)
  },"error":null}`;
}

/** The answer to `mining.ping`. */
export function pingAnswer(id: RequestId): string {
  return `{"id":${formatRequestId(id)},"result":"pong","error":null}`;
}

function subscribeRequest(version: string): string {
  return request(REQUEST_ID.subscribe, "mining.subscribe", [`btcagent/${version}`]);
}

function request(id: number, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ id, method, params });
}
