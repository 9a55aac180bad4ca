/**
 * TLS over a connection: which of Deno's two implementations is used, how certificates are checked,
 * and what the operator reads when one is refused.
 *
 * `Deno.startTls` costs hardly any memory, but it needs a TCP connection, always verifies, does not
 * show the peer's certificate, and cannot abandon a handshake that never ends. For everything else
 * there is `node_tls.ts`.
 */

import type { Attempt } from "../pools/attempt.ts";
import type { Connection } from "../pools/connection.ts";
import type { TlsPolicy } from "./policy.ts";

/** Advice for a pool's port that seems to have no TLS. */
export const PORT_WITHOUT_TLS: string =
  "use the pool's port for TLS, or speak without TLS: write stratum+tcp:// in place of " +
  "stratum+ssl://, or set pool_use_tls to false where its address has no scheme";

/** The peer of a TLS connection. */
export type TlsPeer = "the pool" | "the proxy";

/**
 * Speaks TLS over `carrier`, which is `tcp` itself or something on top of it, and waits for the
 * end of the handshake.
 *
 * @param peer the other side, for errors.
 * @param name what the certificate must be issued for: a name, or an IP address without brackets.
 * @throws Error that says what is wrong and what to do.
 */
export async function startTls(
  carrier: Connection,
  tcp: Deno.TcpConn,
  peer: TlsPeer,
  name: string,
  policy: TlsPolicy,
  attempt: Attempt,
): Promise<Connection> {
  const isOrdinary = carrier === tcp && policy.isVerified && policy.pins.length === 0 &&
    handshakesGivenUp < MAX_HANDSHAKES_GIVEN_UP;
  try {
    if (isOrdinary) return await startDenoTls(tcp, name, policy, attempt);
    const { startNodeTls } = await import("./node_tls.ts");
    return attempt.hold(await startNodeTls(carrier, name, policy, attempt.wallNow));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const reason = explain(found, peer, name);
    if (!isOrdinary && policy.caCerts.length > 0 && UNTRUSTED.test(found)) {
      throw new UntrustedByOwnAuthorities(reason, peer);
    }
    throw new Error(reason, { cause: error });
  }
}

/**
 * Thrown by {@linkcode startTls} if it trusted only the authorities of the policy, and a well-known
 * one may have signed the certificate.
 */
export class UntrustedByOwnAuthorities extends Error {
  /** Whose certificate it was. */
  readonly peer: TlsPeer;

  /** `reason` as for any other error of a certificate. */
  constructor(reason: string, peer: TlsPeer) {
    super(reason);
    this.peer = peer;
  }
}

/**
 * The most abandoned handshakes. Deno 2.9.6 keeps the socket of a closed handshake until the peer
 * closes it, so this bounds the sockets that a pool which never closes can hold.
 */
const MAX_HANDSHAKES_GIVEN_UP = 8;
let handshakesGivenUp = 0;

async function startDenoTls(
  tcp: Deno.TcpConn,
  name: string,
  { caCerts }: TlsPolicy,
  attempt: Attempt,
): Promise<Connection> {
  const options = { hostname: name, caCerts: [...caCerts] };
  const tls = attempt.hold(await Deno.startTls(tcp, options));
  try {
    await tls.handshake();
  } finally {
    if (attempt.signal.aborted) handshakesGivenUp++;
  }
  return new TlsConnection(tls);
}

/**
 * A pool that closes often sends no TLS close message: that is the end of the stream, not an error.
 */
class TlsConnection implements Connection {
  readonly #tls: Deno.TlsConn;

  constructor(tls: Deno.TlsConn) {
    this.#tls = tls;
  }

  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#tls.read(into);
    } catch (error) {
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#tls.write(bytes);
  }

  close(): void {
    this.#tls.close();
  }
}

/** A message of Deno or Node, and what we say about it. */
type Explanation = readonly [
  pattern: RegExp,
  text: (peer: TlsPeer, name: string, found: string) => string,
];

/** The message of Deno's node:tls for any invalid certificate, except one for another name. */
const UNTRUSTED = /unable.to.verify/i;

const EXPLANATIONS: readonly Explanation[] = [
  [
    /UnknownIssuer/,
    (peer) =>
      `${peer}'s certificate is signed by no authority known here; if that is intended, put the ` +
      `authority's certificate into a file and name the file in tls.ca_file${orPinned(peer)}`,
  ],
  [
    UNTRUSTED,
    (peer) =>
      `${peer}'s certificate is signed by no authority known here, or is not in force; name a ` +
      "file with the authority's certificate in tls.ca_file, or check this machine's clock",
  ],
  [
    /not valid for name|altname/i,
    (peer, name, found) =>
      `${peer}'s certificate is not for ${name}, but for ${namesIn(found)}; ` +
      `use a host name the certificate is for${orJustThis(peer)}`,
  ],
  [
    /expired|not.?(?:valid.?yet|yet.?valid)/i,
    (peer) =>
      `${peer}'s certificate is not in force; check this machine's clock, or have the ` +
      `certificate renewed${orJustThis(peer)}`,
  ],
  [
    /CaUsedAsEndEntity|self.signed/i,
    (peer) =>
      peer === "the pool"
        ? `${peer}'s certificate is signed by itself, like that of an authority; put its ` +
          "SHA-256 fingerprint in tls.certificate_sha256 (btcagent check shows it)"
        : `${peer}'s certificate is that of an authority, which no server may use; let it have ` +
          "one signed by that authority",
  ],
  [
    /InvalidContentType|unexpected (?:handshake )?message|wrong version number/i,
    (peer) => `${peer} does not speak TLS on this port; ${portAdvice(peer)}`,
  ],
  [
    /end of file|UnexpectedEof|close_notify|ECONNRESET|reset by peer|disconnected/i,
    (peer) => `${peer} closed the connection during the TLS handshake; ${portAdvice(peer)}`,
  ],
];

/** Advice for a certificate that will not be changed. */
function orJustThis(peer: TlsPeer): string {
  return peer === "the pool"
    ? ", or let in just this one with tls.certificate_sha256 and advanced.tls_skip_certificate_verify"
    : "";
}

/** Advice to pin the certificate, for pools only. */
function orPinned(peer: TlsPeer): string {
  return peer === "the pool"
    ? ", or, if it is signed by itself, its SHA-256 fingerprint in tls.certificate_sha256 " +
      "(btcagent check shows it)"
    : "";
}

function explain(found: string, peer: TlsPeer, name: string): string {
  for (const [pattern, text] of EXPLANATIONS) {
    if (pattern.test(found)) return text(peer, name, found);
  }
  return found;
}

function portAdvice(peer: TlsPeer): string {
  return peer === "the pool" ? PORT_WITHOUT_TLS : "check its port, or write http://";
}

/**
 * The names that an error lists, as Deno writes them (`DnsName("a") or …`) or Node (`DNS:a, …`).
 */
function namesIn(found: string): string {
  const listed = found.split(/only valid for|altnames:|cert's list:/i).at(-1)!;
  const names = [...listed.matchAll(/"([^"]+)"|IpAddress\(([^)]+)\)|(?:DNS|IP Address):([^,\s]+)/g)]
    .map(([, ...forms]) => forms.find((form) => form !== undefined)!);
  return names.length > 0 ? names.slice(0, 5).join(", ") : "another name";
}
