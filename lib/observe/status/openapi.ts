/**
 * The OpenAPI document of the API, which `scripts/openapi.ts` makes. It is an import, so that every
 * form of the program contains it. Nothing imports this file before a client asks for it.
 */

import openapi from "../../../conf/openapi.json" with { type: "text" };

/** The document, unchanged. */
export const OPENAPI: string = openapi;
