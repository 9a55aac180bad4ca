/**
 * What this machine must provide: ports to listen on, open files, a place for the log.
 */

import { addressBytes, isInNetwork, parseNetwork } from "../base/cidr.ts";
import type { Time } from "../base/clock.ts";
import { counted } from "../base/counted.ts";
import { fileTrouble, isOfTheSystem } from "../base/file_trouble.ts";
import { CannotUseCertificate, type CertificateFiles } from "../net/tls/certificate_files.ts";
import type { Connection } from "../net/pools/connection.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { type ListenAddress, listenProblem } from "../net/miners/listeners.ts";
import { dialTcp } from "../net/pools/dial.ts";
import { readSome, writeAll } from "../net/pools/handshake_bytes.ts";
import { quote } from "../protocol/stratum/message.ts";
import { judgeCertificate } from "./judge_certificate.ts";
import { askWithin } from "./limited_attempt.ts";
import { type Row, rowOfError } from "./report.ts";

/** Whether a miners' port is free, or what prevents its use. */
export interface PortFinding {
  /** Where. */
  readonly address: PeerAddress;
  /** Why it cannot be listened on; `undefined` when it can. */
  readonly problem: string | undefined;
  /** The version that a btcagent on this port gives. */
  readonly runningAgent: string | undefined;
}

/** How long the program on a taken port may take to answer. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Listens for a moment; if the port is taken, asks the program on it for its version. */
export async function examinePort(address: ListenAddress, time: Time): Promise<PortFinding> {
  try {
    Deno.listen({ hostname: address.hostname, port: address.port }).close();
    return { address, problem: undefined, runningAgent: undefined };
  } catch (error) {
    const runningAgent = error instanceof Deno.errors.AddrInUse
      ? await askForVersion(address, time)
      : undefined;
    return { address, problem: listenProblem(error, address), runningAgent };
  }
}

/** The version of a btcagent on that port; `undefined` for any other program. */
function askForVersion(
  { hostname, port, tls, trusted = [] }: ListenAddress,
  time: Time,
): Promise<string | undefined> {
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const host = everywhere[hostname] ?? hostname;
  return askWithin(time, ANSWER_TIMEOUT_MS, async (attempt) => {
    let connection: Connection = attempt.hold(await dialTcp({ host, port }, attempt.signal));
    // From an address that it trusts it wants a PROXY header, also of us.
    const own = addressBytes(host);
    const networks = trusted.map((network) => parseNetwork(network)!);
    if (own !== undefined && networks.some((network) => isInNetwork(own, network))) {
      await writeAll(connection, new TextEncoder().encode("PROXY UNKNOWN\r\n"));
    }
    if (tls !== undefined) {
      const { startNodeTls } = await import("../net/tls/node_tls.ts");
      const anyCertificate = { isVerified: false, caCerts: [], pins: [] };
      connection = attempt.hold(await startNodeTls(connection, host, anyCertificate, time.wallNow));
    }
    const question = '{"id":1,"method":"client.get_version","params":[]}\n';
    await writeAll(connection, new TextEncoder().encode(question));
    const bytes = new Uint8Array(512);
    const count = await readSome(connection, bytes);
    connection.close();
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    return /"result":"(btcagent\/[\w.+-]{1,40})"/.exec(text)?.[1];
  });
}

/** The row on the certificate that miners are shown, and whether it can be used at all. */
export async function examineMinerCertificate(
  files: CertificateFiles,
  wallTime: number,
): Promise<{ readonly row: Row; readonly canBeUsed: boolean }> {
  const { readServerCertificate } = await import("../net/tls/server_certificate.ts");
  try {
    const { names, expiresAt } = await readServerCertificate(files);
    const row = judgeCertificate({
      name: `${files.cert_file}, for ${names}`,
      validFrom: 0,
      validTo: expiresAt,
      isNeeded: true,
      wallTime,
      values: { file: files.cert_file, names },
    });
    return { row, canBeUsed: true };
  } catch (error) {
    if (!(error instanceof CannotUseCertificate)) throw error;
    return { row: rowOfError("failure", "certificate", error.message), canBeUsed: false };
  }
}

/** The row on a miners' port. */
export function judgePort({ address, problem, runningAgent }: PortFinding): Row {
  const subject = "miners' port";
  const where = formatAddress(address);
  const values = { address: where, free: problem === undefined };
  if (problem === undefined) return { level: "ok", subject, found: `${where} is free`, values };
  if (runningAgent === undefined) return { ...rowOfError("failure", subject, problem), values };
  return {
    level: "note",
    subject,
    found: `${where} is already served by ${runningAgent}`,
    advice: "fine if that btcagent uses this configuration; a second one cannot",
    values,
  };
}

/**
 * The row on the port of the status server, which mining does not depend on.
 *
 * @param isAgentRunning Whether a btcagent was found on a miners' port: then this port may be its,
 * too.
 */
export function examineStatusPort(address: PeerAddress | undefined, isAgentRunning: boolean): Row {
  const subject = "status port";
  if (address === undefined) return { level: "note", subject, found: "there is no status server" };
  const where = formatAddress(address);
  try {
    Deno.listen(address).close();
    return { level: "ok", subject, found: `${where} is free` };
  } catch (error) {
    if (isAgentRunning && error instanceof Deno.errors.AddrInUse) {
      return {
        level: "note",
        subject,
        found: `${where} is already taken`,
        advice: "fine if the btcagent on the miners' port serves its status there",
      };
    }
    const found = error instanceof Error ? error.message : String(error);
    return {
      level: "warning",
      subject,
      found: `cannot listen on ${where}: ${found}`,
      advice: "stop the program that uses it, or set another status.listen; mining works " +
        "without it",
    };
  }
}

/**
 * The row on open files.
 *
 * @param openFiles How many may be open; `undefined` where that is not known.
 * @param wanted As `limits.max_miners`.
 * @param miners How many miners those files are enough for.
 */
export function judgeOpenFiles(
  openFiles: number | undefined,
  wanted: number | undefined,
  miners: number,
): Row {
  const subject = "open files";
  const values = { open_files: openFiles ?? null, miners };
  if (openFiles === undefined) {
    return { level: "note", subject, found: "the limit of open files is not known here", values };
  }
  const found = `the limit is ${openFiles}: room for ${counted(miners, "miner")}`;
  if (wanted === undefined || wanted <= miners) return { level: "ok", subject, found, values };
  return {
    level: "warning",
    subject,
    found: `${found}, not for ${wanted} as in limits.max_miners`,
    advice: "raise the limit (ulimit -n, or LimitNOFILE= of the service)",
    values,
  };
}

/**
 * The row on connections of single workers, where a pool's entry wants them.
 *
 * @param openFiles How many files may be open; `undefined` where that is not known.
 * @param miners How many miners there is room for.
 * @param workers How many of those connections there is also room for.
 */
export function judgeWorkerConnections(
  openFiles: number | undefined,
  miners: number,
  workers: number,
): Row {
  const subject = "open files";
  const values = { open_files: openFiles ?? null, worker_connections: workers };
  const found = `room for ${counted(workers, "pool connection")} of single workers`;
  if (openFiles === undefined || workers >= miners) {
    return { level: "ok", subject, found, values };
  }
  return {
    level: "warning",
    subject,
    found: `${found}, not for ${miners}, one for each miner: the other miners share one`,
    advice:
      "raise the limit (ulimit -n, or LimitNOFILE= of the service), or lower limits.max_miners",
    values,
  };
}

/** Writes a file into the log folder and removes it again. */
export async function examineLogFolder(folder: string): Promise<Row> {
  const subject = "log folder";
  const file = `${folder}/.btcagent-check`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(file, "");
    await Deno.remove(file);
    return { level: "ok", subject, found: `${quote(folder)} can be written to` };
  } catch (error) {
    const found = fileTrouble(error);
    return {
      level: "failure",
      subject,
      found: `${quote(folder)} cannot be written to: ${found}`,
      advice: error instanceof Deno.errors.NotCapable && !isOfTheSystem(error)
        ? "start it with deno task start, or add --allow-write= with the folder to its flags"
        : "name a writable folder with -l",
    };
  }
}
