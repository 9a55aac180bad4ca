/**
 * Tells systemd, or whoever else started this program and set `NOTIFY_SOCKET`, how it is: ready
 * for miners, reloading, stopping, alive. Nobody else is told anything, and nothing is loaded.
 *
 * A datagram to a Unix socket (sd_notify(3)). Deno has none that is stable, so it goes through the
 * C library. What cannot be told is logged once; mining goes on.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { areaLog } from "../observe/log.ts";
import { errnoText } from "../net/libc/errno.ts";
import { Libc } from "../net/libc/calls.ts";

const log = areaLog("agent");

const AF_UNIX = 1;
const EAGAIN = 11;
/** `sun_path` of `struct sockaddr_un`, behind the family's two bytes. */
const MAX_PATH_BYTES = 108;

const encoder = new TextEncoder();

/** All this needs of {@linkcode Libc}. */
export type Datagrams = Pick<Libc, "sendDatagram" | "unload">;

/** What the service manager put into the environment. */
export interface ServiceEnvironment {
  /** `NOTIFY_SOCKET`: a path, or `@` and the name of an abstract socket. */
  readonly socket: string | undefined;
  /** `WATCHDOG_USEC`: it expects a sign of life within so many microseconds. */
  readonly watchdog: string | undefined;
}

/** Reads the environment, as far as that is permitted. */
export function serviceEnvironment(): ServiceEnvironment {
  const read = (variable: string) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
      ? Deno.env.get(variable)
      : undefined;
  return { socket: read("NOTIFY_SOCKET"), watchdog: read("WATCHDOG_USEC") };
}

/** See the head of this file. */
export class ServiceManager {
  readonly #address: Uint8Array | undefined;
  readonly #timers: Timers;
  readonly #watchdogMs: number;
  #libc: Datagrams | undefined;
  #timer: Timer | undefined;
  #isStopping = false;
  /** Whether it could not be told the last thing. */
  #isUnheard = false;

  /**
   * Knows where to send; `libc`, its own from here on, is loaded if it is not given and there is
   * somebody to tell.
   */
  constructor({ socket, watchdog }: ServiceEnvironment, timers: Timers, libc?: Datagrams) {
    this.#timers = timers;
    this.#watchdogMs = /^\d{1,15}$/.test(watchdog ?? "") ? Number(watchdog) / 1000 : 0;
    if (socket === undefined || socket === "") return;
    this.#address = unixAddress(socket);
    try {
      if (this.#address === undefined) throw new Error("NOTIFY_SOCKET is no address of a socket");
      this.#libc = libc ?? new Libc();
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
    }
  }

  /** Miners can connect, from the first time on; also when a reload is over. */
  ready(): void {
    // The end of a reload that was under way when the stop began.
    if (this.#isStopping) return;
    this.#tell("READY=1");
    if (this.#watchdogMs === 0 || this.#libc === undefined || this.#timer !== undefined) return;
    // In the loop that serves the miners: when that hangs, so does this.
    this.#timer = this.#timers.every(this.#watchdogMs / 2, () => this.#tell("WATCHDOG=1"));
  }

  /** The configuration is being read again. */
  reloading(): void {
    if (this.#isStopping) return;
    this.#tell("RELOADING=1");
  }

  /** It is about to end; signs of life go on until {@linkcode ServiceManager.close}. */
  stopping(): void {
    this.#isStopping = true;
    this.#tell("STOPPING=1");
  }

  /** Gives everything back. */
  close(): void {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
    this.#libc?.unload();
    this.#libc = undefined;
  }

  #tell(text: string): void {
    if (this.#libc === undefined || this.#address === undefined) return;
    const result = this.#libc.sendDatagram(this.#address, encoder.encode(text));
    const wasUnheard = this.#isUnheard;
    // With EAGAIN it has not looked at the last ones yet: the next one will do.
    this.#isUnheard = result < 0 && result !== -EAGAIN;
    if (this.#isUnheard && !wasUnheard) this.#complain(errnoText(-result));
  }

  #complain(reason: string): void {
    log.warn(
      "Cannot tell the service manager how it goes: {reason}; a unit of Type=notify needs that, " +
        "so mend it or set Type=exec and no WatchdogSec there",
      { reason },
    );
  }
}

/** `struct sockaddr_un`, as long as it has to be; `undefined` if `socket` is no such address. */
export function unixAddress(socket: string): Uint8Array | undefined {
  if (!/^[/@]./.test(socket)) return undefined;
  const path = encoder.encode(socket);
  if (path.length > MAX_PATH_BYTES) return undefined;
  const address = new Uint8Array(2 + path.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(path, 2);
  // The name of an abstract socket begins with a zero byte, and is as long as the address says.
  if (socket.startsWith("@")) address[2] = 0;
  return address;
}
