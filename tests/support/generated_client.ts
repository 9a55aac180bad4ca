/**
 * A client of the API made from its OpenAPI document alone: JavaScript with a function for each
 * operation. It knows nothing of the program.
 */

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** What is needed of the document. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
}

interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly content?: Content; $ref?: string }>>;
}

type Content = Readonly<Record<string, { readonly schema: object }>>;

/** What an operation takes: parameters by name, and `body`. */
export type Given = Readonly<Record<string, unknown>>;

/** One answer. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

/** The functions of a generated client. */
type Functions = Readonly<
  Record<string, (base: string, headers: Record<string, string>, given: Given) => Promise<Answer>>
>;

/** The client's source. */
export function clientSource({ paths }: Document): string {
  const functions = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => {
      const url = path.replace(/\{(\w+)\}/g, (_, name) => `\${encodeURIComponent(given.${name})}`);
      const query = parameters.filter((each) => each.in === "query").map(({ name }) => name);
      return `export async function ${operationId}(base, headers, given = {}) {
  const url = new URL(\`${url}\`, base);
  for (const name of ${JSON.stringify(query)}) {
    if (given[name] !== undefined) url.searchParams.set(name, given[name]);
  }
  const response = await fetch(url, { method: "${method.toUpperCase()}", headers: { ...headers, ${
        requestBody ? '"content-type": "application/json"' : ""
      } }, ${requestBody ? "body: JSON.stringify(given.body)" : ""} });
  const type = response.headers.get("content-type");
  if (type.startsWith("text/event-stream")) {
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return { status: response.status, type, body: new TextDecoder().decode(value) };
  }
  const text = await response.text();
  return { status: response.status, type, body: /json/.test(type) ? JSON.parse(text) : text };
}`;
    })
  );
  return functions.join("\n");
}

/** Asks, and holds every answer to the document. */
export class GeneratedClient {
  readonly operations: readonly string[];
  readonly #document: Document;
  readonly #functions: Functions;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  readonly #checks = new Map<string, ValidateFunction>();

  private constructor(document: Document, functions: Functions) {
    this.#document = document;
    this.#functions = functions;
    this.operations = Object.keys(functions);
    this.#ajv.addSchema({ ...document, $id: "document" });
  }

  /** Generates the client. */
  static async of(document: Document): Promise<GeneratedClient> {
    const source = `data:text/javascript,${encodeURIComponent(clientSource(document))}`;
    return new GeneratedClient(document, await import(source));
  }

  /**
   * Asks for an operation. @throws Error for an answer that the document does not describe.
   */
  async ask(id: string, base: string, token: string, given: Given = {}): Promise<Answer> {
    const headers: Record<string, string> = token === ""
      ? {}
      : { authorization: `Bearer ${token}` };
    const answer = await this.#functions[id]!(base, headers, given);
    const { status, type, body } = answer;
    const { responses } = this.#operation(id);
    const key = responses[status] === undefined ? "default" : String(status);
    const place = responses[key]!.$ref ?? this.#pathOf(id, key);
    const types = Object.keys(this.#resolve(place));
    const bare = type.replace(/;.*/, "");
    const found = types.find((each) => each.replace(/;.*/, "") === bare);
    if (found === undefined) throw new Error(`${id}: ${type} is none of ${types.join(", ")}`);
    const pointer = `${place}/content/${escaped(found)}/schema`;
    let check = this.#checks.get(pointer);
    if (check === undefined) {
      check = this.#ajv.compile({ $ref: `document${pointer}` });
      this.#checks.set(pointer, check);
    }
    if (!check(body)) throw new Error(`${id}: ${this.#ajv.errorsText(check.errors)}`);
    return answer;
  }

  #operation(id: string): OperationObject {
    return Object.values(this.#document.paths).flatMap((methods) => Object.values(methods))
      .find(({ operationId }) => operationId === id)!;
  }

  #pathOf(id: string, key: string): string {
    for (const [path, methods] of Object.entries(this.#document.paths)) {
      for (const [method, { operationId }] of Object.entries(methods)) {
        if (operationId === id) return `#/paths/${escaped(path)}/${method}/responses/${key}`;
      }
    }
    throw new Error(`No operation ${id}`);
  }

  #resolve(place: string): Content {
    let value: unknown = this.#document;
    for (const step of place.slice(2).split("/")) {
      const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
      value = (value as Record<string, unknown>)[key];
    }
    return (value as { readonly content: Content }).content;
  }
}

/** A key as a part of a pointer in a URL. */
function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));
}
