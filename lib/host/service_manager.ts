/**
 * Reports our state to systemd, or to another program that set `NOTIFY_SOCKET`: ready for miners,
 * reloading, stopping, alive. Without that variable nothing is sent and nothing is loaded.
 *
 * A report is a datagram to a Unix socket (sd_notify(3)). Deno has no stable API for that, so it is
 * sent through the C library. A failure is logged once; mining goes on.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { areaLog } from "../observe/log.ts";
import { errnoText } from "../net/libc/errno.ts";
import { Libc } from "../net/libc/calls.ts";

const log = areaLog("agent");

const AF_UNIX = 1;
const EAGAIN = 11;
/** `sun_path` of `struct sockaddr_un`, after the two bytes of the family. */
const MAX_PATH_BYTES = 108;

const encoder = new TextEncoder();

/** The part of {@linkcode Libc} that is needed here. */
export type Datagrams = Pick<Libc, "sendDatagram" | "unload">;

/** The variables that the service manager put into the environment. */
export interface ServiceEnvironment {
  /** `NOTIFY_SOCKET`: a path, or `@` and the name of an abstract socket. */
  readonly socket: string | undefined;
  /** `WATCHDOG_USEC`: the number of microseconds within which it expects a sign of life. */
  readonly watchdog: string | undefined;
}

/** Reads the environment, as far as permitted. */
export function serviceEnvironment(): ServiceEnvironment {
  const read = (variable: string) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
      ? Deno.env.get(variable)
      : undefined;
  return { socket: read("NOTIFY_SOCKET"), watchdog: read("WATCHDOG_USEC") };
}

/** Reports the state of this program to the service manager. */
export class ServiceManager {
  readonly #address: Uint8Array | undefined;
  readonly #timers: Timers;
  readonly #watchdogMs: number;
  #libc: Datagrams | undefined;
  #timer: Timer | undefined;
  #isStopping = false;
  /** Whether the last report failed. */
  #isUnheard = false;

  /**
   * Prepares the reports. `libc` is this object's own from here on; it is loaded if it is absent
   * and there is a socket to report to.
   */
  constructor({ socket, watchdog }: ServiceEnvironment, timers: Timers, libc?: Datagrams) {
    this.#timers = timers;
    this.#watchdogMs = /^\d{1,15}$/.test(watchdog ?? "") ? Number(watchdog) / 1000 : 0;
    if (socket === undefined || socket === "") return;
    this.#address = unixAddress(socket);
    try {
      if (this.#address === undefined) {
        throw new Error("NOTIFY_SOCKET is not the address of a socket");
      }
      this.#libc = libc ?? new Libc();
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : String(error));
    }
  }

  /** Reports that miners can connect, and later that a reload is over. */
  ready(): void {
    // A reload that was under way when the stop began has ended.
    if (this.#isStopping) return;
    this.#tell("READY=1");
    if (this.#watchdogMs === 0 || this.#libc === undefined || this.#timer !== undefined) return;
    // Runs in the loop that serves the miners: if that hangs, so do the signs of life.
    this.#timer = this.#timers.every(this.#watchdogMs / 2, () => this.#tell("WATCHDOG=1"));
  }

  /** Reports that the configuration is being read again. */
  reloading(): void {
    if (this.#isStopping) return;
    this.#tell("RELOADING=1");
  }

  /**
   * Reports that the program is about to end. Signs of life go on until
   * {@linkcode ServiceManager.close}.
   */
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
    // EAGAIN: it has not read the last reports yet, so the next one is enough.
    this.#isUnheard = result < 0 && result !== -EAGAIN;
    if (this.#isUnheard && !wasUnheard) this.#complain(errnoText(-result));
  }

  #complain(reason: string): void {
    log.warn(
      "Cannot report to the service manager: {reason}. A unit of Type=notify needs these " +
        "reports: fix the cause, or set Type=exec in the unit and remove WatchdogSec",
      { reason },
    );
  }
}

/** `struct sockaddr_un`, cut to its length; `undefined` if `socket` is not such an address. */
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
