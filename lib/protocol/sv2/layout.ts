/**
 * Layouts: the fields of a message in the order of the wire, written down once for both directions.
 */

import type { FaultClass } from "../../base/violation.ts";
import type { Field } from "./field.ts";
import { CHANNEL_MESSAGE_BIT, type Frame } from "./frame.ts";
import { PayloadReader } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

/** What all messages have. */
export interface Message {
  /** Tells the messages apart. */
  readonly kind: string;
}

/** A message, or a whole extension, of which this program knows nothing: to be counted. */
export interface UnknownMessage {
  /** Tells the messages apart. */
  readonly kind: "unknown";
  /** Number of the extension, without the bit for channels. */
  readonly extension: number;
  /** Type of the message in it. */
  readonly type: number;
}

/** A message's fields in the order of the wire. */
export type FieldsOf<M extends Message> = {
  readonly [Name in keyof Omit<M, "kind">]-?: Field<M[Name]>;
};

/** How one kind of message looks on the wire. */
export interface Layout<M extends Message> {
  /** The specification's name. */
  readonly name: string;
  /** Number of the extension; 0 for the mining protocol itself. */
  readonly extension: number;
  /** Type of the message in the extension. */
  readonly type: number;
  /** Whether it is sent with the bit that says that its payload begins with a channel's id. */
  readonly isChannelMessage: boolean;
  /** In the order of the wire. */
  readonly fields: FieldsOf<M>;
}

/** Layouts of all messages of a union, by kind. */
export type LayoutsOf<M extends Message> = {
  readonly [Kind in M["kind"]]: Layout<Extract<M, { readonly kind: Kind }>>;
};

/** A layout whose message's type was forgotten. */
interface AnyLayout extends Omit<Layout<Message>, "fields"> {
  readonly kind: string;
  readonly fields: readonly (readonly [name: string, field: Field<unknown>])[];
}

/** Reads and writes all messages that one side may send. */
export class MessageCodec<M extends Message> {
  readonly #fault: FaultClass;
  readonly #byKind: ReadonlyMap<string, AnyLayout>;
  readonly #byNumber: ReadonlyMap<number, AnyLayout>;

  /** `fault` is thrown for messages that cannot be read. */
  constructor(layouts: LayoutsOf<M>, fault: FaultClass) {
    this.#fault = fault;
    const all = Object.entries<Layout<Message>>(layouts).map(([kind, layout]): AnyLayout => (
      { ...layout, kind, fields: Object.entries<Field<unknown>>(layout.fields) }
    ));
    this.#byKind = new Map(all.map((layout) => [layout.kind, layout]));
    this.#byNumber = new Map(
      all.map((layout) => [numberOf(layout.extension, layout.type), layout]),
    );
  }

  /**
   * Reads a frame. The bit for channels may be wrong, and bytes after the last field are ignored.
   * Nothing in the message shares memory with the payload.
   *
   * @throws the codec's fault, `bad-message`.
   */
  decode({ extensionType, messageType, payload }: Frame): M | UnknownMessage {
    const extension = extensionType & ~CHANNEL_MESSAGE_BIT;
    const layout = this.#byNumber.get(numberOf(extension, messageType));
    if (layout === undefined) return { kind: "unknown", extension, type: messageType };
    const reader = new PayloadReader(payload, layout.name, this.#fault);
    const message: Message & Record<string, unknown> = { kind: layout.kind };
    for (let i = 0; i < layout.fields.length; i++) {
      const [name, field] = layout.fields[i]!;
      message[name] = field.read(reader, name);
    }
    return message as unknown as M;
  }

  /**
   * Writes a frame, header included.
   *
   * @throws RangeError for a value that does not fit its field.
   */
  encode(message: M): Uint8Array {
    const layout = this.#byKind.get(message.kind)!;
    const writer = new FrameWriter();
    for (const [name, field] of layout.fields) {
      field.write(writer, message[name as keyof M]);
    }
    const bit = layout.isChannelMessage ? CHANNEL_MESSAGE_BIT : 0;
    return writer.finish(layout.extension | bit, layout.type);
  }
}

function numberOf(extension: number, type: number): number {
  return extension << 8 | type;
}
