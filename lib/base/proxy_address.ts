/**
 * The address of a proxy as operators write it: `socks5://user:password@host:1080`.
 *
 * The configuration checks it and the dialer uses it, so both parse it here. Neither an error about
 * an address nor its formatted form ever contains the user or the password.
 */

/** The protocol of a proxy; `https` is HTTP inside TLS. */
export type ProxyProtocol = "socks5" | "http" | "https";

/** A proxy. */
export interface ProxyAddress {
  /** How to ask it for a connection. */
  readonly protocol: ProxyProtocol;
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 1..65535. */
  readonly port: number;
  /** User and password for the proxy, if given; at most 255 bytes of UTF-8 each. */
  readonly credentials: ProxyCredentials | undefined;
}

/** A user and a password, neither percent-encoded. */
export interface ProxyCredentials {
  /** Not empty. */
  readonly user: string;
  /** May be empty. */
  readonly password: string;
}

/** An address, or what is wrong with the text. */
export type ProxyAddressResult =
  | { readonly ok: true; readonly proxy: ProxyAddress }
  | { readonly ok: false; readonly found: string; readonly hint?: string };

/** SOCKS 5 has one byte for the length of each. */
const MAX_CREDENTIAL_BYTES = 255;

/** The longest name in DNS. */
const MAX_HOST_LENGTH = 253;

/**
 * The Go agent speaks SOCKS 5 to every scheme called socks, and the proxy always looks names up,
 * which is what `socks5h` asks for.
 */
const PROTOCOLS: ReadonlyMap<string, ProxyProtocol> = new Map([
  ["socks5", "socks5"],
  ["socks5h", "socks5"],
  ["socks", "socks5"],
  ["socks4", "socks5"],
  ["socks4a", "socks5"],
  ["http", "http"],
  ["https", "https"],
]);

/** Reads an address; one without `://` means an HTTP proxy, as in the Go agent. */
export function parseProxyAddress(text: string): ProxyAddressResult {
  const trimmed = text.trim();
  if (trimmed === "") return wrong("an empty address");
  // deno-lint-ignore no-control-regex -- control characters are not allowed in an address
  if (/[\s\x00-\x1f\x7f]/.test(trimmed)) {
    return wrong("an address with a blank in it", "write a blank in a password as %20");
  }
  const [, scheme, rest] = /^(?:([^:/@]*):\/\/)?(.*)$/.exec(trimmed)!;
  const protocol = PROTOCOLS.get((scheme ?? "http").toLowerCase());
  if (protocol === undefined) {
    return wrong(
      scheme === "" ? "an address that begins with ://" : "an unknown kind of proxy before ://",
      "socks5, http and https are known",
    );
  }
  // A password may contain what ends a host, so the last @ counts.
  const at = rest!.lastIndexOf("@");
  const credentials = at < 0 ? undefined : parseCredentials(rest!.slice(0, at));
  if (typeof credentials === "string") return wrong("a proxy address", credentials);
  const place = parsePlace(rest!.slice(at + 1).replace(/\/$/, ""));
  return typeof place === "string"
    ? wrong(place)
    : { ok: true, proxy: { protocol, ...place, credentials } };
}

/** The proxy for logs and errors, as in `socks5://***@10.0.0.1:1080`. */
export function formatProxyAddress({ protocol, host, port, credentials }: ProxyAddress): string {
  const login = credentials === undefined ? "" : "***@";
  return `${protocol}://${login}${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function wrong(found: string, hint?: string): ProxyAddressResult {
  return hint === undefined ? { ok: false, found } : { ok: false, found, hint };
}

/** The credentials before the `@`, or what to change. */
function parseCredentials(text: string): ProxyCredentials | string {
  const colon = text.indexOf(":");
  const parts = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  let user: string;
  let password: string;
  try {
    [user, password] = parts.map(decodeURIComponent) as [string, string];
  } catch {
    return "write a % in its user or password as %25";
  }
  if (user === "") return "put a user before its password, or leave out both and the @";
  const encoder = new TextEncoder();
  const isTooLong = [user, password].some((part) =>
    encoder.encode(part).length > MAX_CREDENTIAL_BYTES
  );
  return isTooLong
    ? `its user and its password may have ${MAX_CREDENTIAL_BYTES} bytes each`
    : { user, password };
}

/** Host and port after the `@`, or what is wrong with them. */
function parsePlace(text: string): Pick<ProxyAddress, "host" | "port"> | string {
  const [, host, port] = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(text) ?? [];
  if (host === undefined) return "an IPv6 address without [ ] around it, or too many colons";
  if (host === "") return "an address without a host";
  const isHost = host.startsWith("[")
    ? /^\[[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*(?:%[\w.-]+)?\]$/i.test(host)
    : /^[\w.-]+$/.test(host) && host.length <= MAX_HOST_LENGTH;
  if (!isHost) return "an address whose host is no name or IP address";
  if (port === undefined || port === "") return "an address without a port";
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return "an address whose port is no number 1..65535";
  }
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
