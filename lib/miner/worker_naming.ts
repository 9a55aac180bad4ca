/**
 * Which worker name a miner gets at the pool: its own, one for all, or its IP address; pure.
 */

/** The operator's choice; the first that is set decides. */
export interface WorkerNaming {
  /** If not empty, the name of every worker. */
  readonly fixedName: string;
  /** If set, names are made of IP addresses: `{1}` to `{4}` stand for the address's bytes. */
  readonly ipFormat: string | undefined;
}

/**
 * The worker name of a miner that calls itself `ownName` and connects from `hostname`.
 *
 * Of an IPv6 address the last four bytes count, in hex without leading zeros, as the Go agent has
 * it: a farm that changes over keeps its names.
 */
export function chooseWorkerName(
  naming: WorkerNaming,
  ownName: string,
  hostname: string,
): string {
  if (naming.fixedName !== "") return naming.fixedName;
  if (naming.ipFormat === undefined) return ownName;
  const bytes = lastBytes(hostname);
  return naming.ipFormat.replace(/\{([1-4])\}/g, (_, place) => bytes[Number(place) - 1]!);
}

function lastBytes(hostname: string): readonly string[] {
  const dotted = hostname.match(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/);
  if (dotted !== null) return dotted.slice(1);
  const groups = hostname.replace(/%.*$/, "").split(":").slice(-2);
  return groups.flatMap((group) => {
    const value = parseInt(group || "0", 16);
    return [value >> 8, value & 0xff].map((byte) => byte.toString(16));
  });
}
