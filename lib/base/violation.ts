/**
 * The errors that decoders throw when a peer breaks the protocol.
 *
 * The peer's session catches them: that peer loses its connection, and nobody else is affected.
 */

/** A peer broke the protocol. `code` is for programs and counters, the message for the operator. */
export class ProtocolViolation extends Error {
  /** A short, stable word for the kind of violation, such as `line-too-long`. */
  readonly code: string;

  /** `code` as above; `message` says what could not be done, what was found, what was wanted. */
  constructor(code: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The miner is at fault: its connection ends. */
export class MinerFault extends ProtocolViolation {}

/** The pool is at fault: its connection ends and another pool is tried. */
export class PoolFault extends ProtocolViolation {}

/** Which side's fault a decoder throws: the class to construct. */
export type FaultClass = new (code: string, message: string) => ProtocolViolation;
