/**
 * Messages of extension 1, by which both sides agree on other extensions.
 */

import { SEQ0_64K_U16, U16 } from "./field.ts";
import type { Layout } from "./layout.ts";

/** The extension that these messages are of. */
const NEGOTIATION = 0x0001;

/** We ask for extensions. */
export interface RequestExtensions {
  /** Tells the messages apart. */
  readonly kind: "requestExtensions";
  /** Ours. */
  readonly requestId: number;
  /** Their numbers. */
  readonly extensions: Uint16Array;
}

/** The pool agrees to these extensions; perhaps to none. */
export interface RequestExtensionsSuccess {
  /** Tells the messages apart. */
  readonly kind: "requestExtensionsSuccess";
  /** Of the request. */
  readonly requestId: number;
  /** Those of the request that may be used. */
  readonly extensions: Uint16Array;
}

/** The pool does not agree. */
export interface RequestExtensionsError {
  /** Tells the messages apart. */
  readonly kind: "requestExtensionsError";
  /** Of the request. */
  readonly requestId: number;
  /** Those that the pool does not know. */
  readonly unsupported: Uint16Array;
  /** Those without which the pool serves nobody. */
  readonly required: Uint16Array;
}

/** Layout of {@linkcode RequestExtensions}. */
export const REQUEST_EXTENSIONS: Layout<RequestExtensions> = {
  name: "RequestExtensions",
  extension: NEGOTIATION,
  type: 0x00,
  isChannelMessage: false,
  fields: { requestId: U16, extensions: SEQ0_64K_U16 },
};

/** Layout of {@linkcode RequestExtensionsSuccess}. */
export const REQUEST_EXTENSIONS_SUCCESS: Layout<RequestExtensionsSuccess> = {
  name: "RequestExtensions.Success",
  extension: NEGOTIATION,
  type: 0x01,
  isChannelMessage: false,
  fields: { requestId: U16, extensions: SEQ0_64K_U16 },
};

/** Layout of {@linkcode RequestExtensionsError}. */
export const REQUEST_EXTENSIONS_ERROR: Layout<RequestExtensionsError> = {
  name: "RequestExtensions.Error",
  extension: NEGOTIATION,
  type: 0x02,
  isChannelMessage: false,
  fields: { requestId: U16, unsupported: SEQ0_64K_U16, required: SEQ0_64K_U16 },
};
