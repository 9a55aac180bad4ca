/**
 * TLS for miners: the certificates of all listening ports that have one, and engines that use them.
 *
 * All certificates are read together, on request; if one fails, none is replaced. Open connections
 * keep the certificate they started with; new ones get the newest.
 */

import type { Now } from "../../base/clock.ts";
import { counted } from "../../base/counted.ts";
import { areaLog } from "../../observe/log.ts";
import type { CertificateFiles } from "./certificate_files.ts";
import { startEngineOn } from "../miners/deno_engine.ts";
import type { Engine, ListenOptions } from "../miners/engine.ts";
import { listenForMiners } from "../miners/miner_listener.ts";
import type { PlainHeaders } from "./listener.ts";
import type { ServerCertificate } from "./server_certificate.ts";

/** A certificate that expires within this number of days is worth a warning. */
const SOON_DAYS = 14;

const DAY_MS = 86_400_000;

const log = areaLog("agent");

/** A certificate in use. */
export interface CertificateReport {
  /** The file it was read from. */
  readonly file: string;
  /** The names it is for. */
  readonly names: string;
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Reads the certificates of listening ports and starts engines that use them. */
export class MinerTls {
  /** By {@linkcode keyOf}: those in use now, and those used before. */
  #certificates: ReadonlyMap<string, ServerCertificate> = new Map();
  #inUse: ReadonlySet<string> = new Set();
  /** Loaded with the first certificate: it costs memory. */
  #listener: typeof import("./listener.ts") | undefined;
  readonly #wallNow: Now;

  /**
   * Has no certificate yet. `wallNow` serves to count the days left, in milliseconds since 1970.
   */
  constructor(wallNow: Now) {
    this.#wallNow = wallNow;
  }

  /** Each certificate file once. */
  get certificates(): CertificateReport[] {
    const files = new Map<string, CertificateReport>();
    for (const key of this.#inUse) {
      const { names, expiresAt } = this.#certificates.get(key)!;
      const file = fileOf(key);
      files.set(file, { file, names, expiresAt });
    }
    return [...files.values()];
  }

  /**
   * Reads these files, even if they were read before, and uses them from now on. Call it before
   * {@linkcode MinerTls.start} for any of them, and again when a file has changed. The previous
   * ones can still be started, in case the caller must go back.
   *
   * @returns a function that undoes it.
   * @throws CannotUseCertificate for the first file that cannot be used; then nothing changes.
   */
  async load(wanted: readonly CertificateFiles[]): Promise<() => void> {
    const certificates = new Map<string, ServerCertificate>();
    if (wanted.length > 0) {
      this.#listener ??= await import("./listener.ts");
      const { readServerCertificate } = await import("./server_certificate.ts");
      for (const files of wanted) {
        certificates.set(keyOf(files), await readServerCertificate(files));
      }
    }
    for (const [key, certificate] of certificates) {
      const isOld = certificate.fingerprint === this.#certificates.get(key)?.fingerprint;
      const days = Math.floor((certificate.expiresAt - this.#wallNow()) / DAY_MS);
      sayHowLong(fileOf(key), certificate, days, isOld);
    }
    const [before, inUseBefore] = [this.#certificates, this.#inUse];
    const stillKnown = [...before].filter(([key]) => inUseBefore.has(key));
    this.#certificates = new Map([...stillKnown, ...certificates]);
    this.#inUse = new Set(certificates.keys());
    return () => {
      this.#certificates = before;
      this.#inUse = inUseBefore;
    };
  }

  /**
   * Starts listening for miners that speak TLS.
   *
   * @param headers Which connections begin with a header before TLS; absent for none.
   * @throws the errors of `Deno.listen`: the port is in use, or the address is not ours.
   */
  start(files: CertificateFiles, options: ListenOptions, headers?: PlainHeaders): Engine {
    const key = keyOf(files);
    let certificate = this.#certificates.get(key);
    if (certificate === undefined || this.#listener === undefined) {
      throw new Error(`Cannot listen with TLS: ${files.cert_file} was not loaded`);
    }
    const { TlsListener } = this.#listener;
    const listener = new TlsListener(listenForMiners(options), () => {
      // A removed port may still accept after its certificate has left the configuration.
      certificate = this.#certificates.get(key) ?? certificate;
      return certificate!.context;
    }, headers);
    return startEngineOn(listener, options);
  }
}

function keyOf({ cert_file: certFile, key_file: keyFile }: CertificateFiles): string {
  return JSON.stringify([certFile, keyFile]);
}

/** The certificate's own file. */
function fileOf(key: string): string {
  return (JSON.parse(key) as [string, string])[0];
}

/** Logs how long the certificate is good. One that is good for long is logged once only. */
function sayHowLong(
  file: string,
  { names, expiresAt }: ServerCertificate,
  days: number,
  isOld: boolean,
): void {
  const until = new Date(expiresAt).toISOString().slice(0, 10);
  const values = { file, names, until, days: counted(days, "day") };
  if (days < 0) {
    log.error(
      "Certificate {file} for {names} expired on {until}: miners that check it cannot connect. " +
        "Put a renewed one in its place, then reload (SIGHUP)",
      values,
    );
  } else if (days < SOON_DAYS) {
    log.warn(
      "Certificate {file} for {names} expires in {days}, on {until}. Put a renewed one in its " +
        "place, then reload (SIGHUP)",
      values,
    );
  } else if (!isOld) {
    log.info("Certificate {file} for {names} is good until {until}", values);
  }
}
