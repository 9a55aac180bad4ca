/**
 * Parts of the configuration's schema that its groups are made of.
 */

import * as v from "valibot";
import { VARIABLE_PATTERN } from "./secrets.ts";

/** @internal The schema of a key's value, with a description of what the key is for. */
function about<const S extends v.GenericSchema>(what: string, schema: S) {
  return v.pipe(schema, v.description(what));
}

/** @internal An object with `entries` and no other keys. */
function group<const E extends v.ObjectEntries>(what: string, entries: E) {
  return v.pipe(
    v.strictObject(entries),
    v.metadata({ wanted: "an object in { }" }),
    v.description(what),
  );
}

/** @internal Yes or no. */
function flag() {
  return v.pipe(v.boolean(), v.metadata({ wanted: "true or false" }));
}

/** @internal A whole number from `min` to `max`; `what` names it with its unit. */
function wholeNumber(what: string, min: number, max: number) {
  return v.pipe(
    v.number(),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
    v.metadata({ wanted: `${what} ${min}..${max}` }),
  );
}

/** @internal A length of time. */
function seconds(min: number, max: number) {
  return wholeNumber("a number of seconds", min, max);
}

/** @internal Text of at most `max` UTF-16 units. */
function text(what: string, max: number) {
  return v.pipe(
    v.string(),
    v.maxLength(max),
    v.metadata({ wanted: `${what}, at most ${max} characters` }),
  );
}

/** @internal The name of a variable of the environment with a secret. */
function variable(example: string) {
  return v.pipe(
    v.string(),
    v.regex(VARIABLE_PATTERN),
    v.metadata({ wanted: `a name such as ${example}, of capital letters, digits and _` }),
  );
}

/** @internal The path of a file. */
function file() {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(4096),
    v.metadata({ wanted: "the path of a file" }),
  );
}

export { about, file, flag, group, seconds, text, variable, wholeNumber };
