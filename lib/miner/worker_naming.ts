/**
 * Chooses a miner's worker name at the pool: its own, one for all, or its IP address; pure.
 */

/** The operator's choice; the first setting that is set decides. */
export interface WorkerNaming {
  /** If not empty, the name of every worker. */
  readonly fixedName: string;
  /** If set, names are made from IP addresses: `{1}` to `{4}` stand for the address's bytes. */
  readonly ipFormat: string | undefined;
}

/**
 * The worker name of a miner that calls itself `ownName` and connects from `hostname`.
 *
 * For an IPv6 address these are the last four bytes, in hex without leading zeros, as in the Go
 * agent: a farm that switches from it keeps its names.
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
