/**
 * Writes `conf/openapi.json`, the OpenAPI 3.1 document of the status server's API, from the schemas
 * of its answers and the list of its operations. Run it after a change to either: `deno task docs`.
 * A test fails if that was forgotten.
 */

import settings from "../deno.json" with { type: "json" };
import { type Operation, OPERATIONS } from "./openapi/operations.ts";
import { documentSchemas, type JsonObject, reference } from "./openapi/schemas.ts";

/** The type of a body. */
const JSON_TYPE = "application/json";

/** What every operation may answer instead. */
const PROBLEM = { default: { $ref: "#/components/responses/Problem" } };

/** The document as text. */
export function openapiText(): string {
  return JSON.stringify(openapiDocument(), undefined, 1) + "\n";
}

/** The document. */
export function openapiDocument(): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const operation of OPERATIONS) {
    (paths[operation.path] ??= {})[operation.method] = operationObject(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "btcagent",
      version: settings.version,
      license: { name: settings.license, identifier: settings.license },
      description:
        "The status server of btcagent. Times of day are ISO 8601 in UTC, durations are in " +
        "seconds, hashrates in hashes a second. Later versions may add members to answers, and " +
        "values to texts that name a state.",
    },
    servers: [{ url: "/", description: "Where this document is served." }],
    // Without a configured token none is needed, and only this machine is answered.
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "`status.token`, or `status.read_token`, which only reads.",
        },
      },
      responses: {
        Problem: {
          description: "What is wrong and what was expected.",
          content: { "application/problem+json": { schema: reference("Problem") } },
        },
      },
      schemas: documentSchemas(),
    },
  };
}

function operationObject(
  { method, path, id, about, query = [], place, body, answer }: Operation,
): JsonObject {
  const content = typeof answer === "string"
    ? { [JSON_TYPE]: { schema: reference(answer) } }
    : "oneOf" in answer
    ? { [JSON_TYPE]: { schema: { oneOf: answer.oneOf.map(reference) } } }
    : Object.fromEntries(answer.map((type) => [type, { schema: textIn(type) }]));
  const good = { description: about, content };
  return {
    operationId: id,
    summary: about,
    ...path === "/healthz" ? { security: [] } : method === "post"
      // A change needs `status.control`, and with it a token.
      ? { security: [{ token: [] }] }
      : {},
    ...query.length + (place === undefined ? 0 : 1) === 0 ? {} : {
      parameters: [
        ...place === undefined ? [] : [idParameter(place)],
        ...query.map(({ name, about, schema }) => ({
          name,
          in: "query",
          description: about,
          schema,
        })),
      ],
    },
    ...body === undefined
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: body } } } },
    responses: {
      200: good,
      ...path === "/healthz"
        ? { 503: { description: "No pool serves the miners.", content } }
        : PROBLEM,
    },
  };
}

function idParameter({ description, ...schema }: NonNullable<Operation["place"]>): JsonObject {
  return { name: "id", in: "path", required: true, description, schema };
}

/** What a text of this type is to a client. */
function textIn(type: string): JsonObject {
  return type === JSON_TYPE ? { type: "object" } : { type: "string" };
}

if (import.meta.main) {
  Deno.writeTextFileSync(new URL("../conf/openapi.json", import.meta.url), openapiText());
}
