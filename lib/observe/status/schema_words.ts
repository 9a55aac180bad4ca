/**
 * Parts of the schemas of the status server's answers: values with their descriptions.
 */

import * as v from "valibot";

/** @internal The type of a described value. */
export type Described<S extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]
>;

/** @internal Adds a description to a schema. */
export function about<const S extends v.GenericSchema>(what: string, schema: S): Described<S> {
  return v.pipe(schema, v.description(what));
}

const wholeFrom0 = v.pipe(v.number(), v.integer(), v.minValue(0));
const from0 = v.pipe(v.number(), v.finite(), v.minValue(0));
const from0To1 = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const text = v.string();
const yesOrNo = v.boolean();
const timestamp = v.pipe(v.string(), v.isoTimestamp());

/** @internal A whole number from 0. */
export const count = (what: string): Described<typeof wholeFrom0> => about(what, wholeFrom0);
/** @internal A number from 0. */
export const amount = (what: string): Described<typeof from0> => about(what, from0);
/** @internal A part of something, from 0 to 1. */
export const part = (what: string): Described<typeof from0To1> => about(what, from0To1);
/** @internal A text. */
export const words = (what: string): Described<typeof text> => about(what, text);
/** @internal A boolean. */
export const flag = (what: string): Described<typeof yesOrNo> => about(what, yesOrNo);
/** @internal A time of day. */
export const time = (what: string): Described<typeof timestamp> => about(what, timestamp);
