/**
 * A checksum over shares, kept by simulated miners and by the simulated pool, to compare the shares
 * that one side had accepted with those the other side counted.
 */

/** What both sides know about a share. Job ids are left out: an agent may give jobs its own. */
export interface SummedShare {
  /** 8 hex digits at most, as a number. */
  readonly extranonce2: number;
  /** The header's nonce. */
  readonly nonce: number;
  /** The header's time. */
  readonly ntime: number;
  /** The bits changed in the job's version. */
  readonly versionBits: number;
}

/** Adds one more share to `sum`, independent of the order: an unsigned 32-bit number. */
export function addToChecksum(sum: number, workerName: string, share: SummedShare): number {
  let mixed = 0x811c9dc5;
  for (let i = 0; i < workerName.length; i++) mixed = mix(mixed, workerName.charCodeAt(i));
  mixed = mix(mixed, share.extranonce2);
  mixed = mix(mixed, share.nonce);
  mixed = mix(mixed, share.ntime);
  mixed = mix(mixed, share.versionBits);
  return sum + (mixed >>> 0) >>> 0;
}

function mix(state: number, word: number): number {
  state = Math.imul(state ^ word, 0x01000193);
  return state ^ state >>> 15;
}
