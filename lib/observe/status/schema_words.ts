/**
 * What the schemas of the status server's answers are made of: values with what they mean.
 */

import * as v from "valibot";

/** A value with what it is. */
export function about<const S extends v.GenericSchema>(
  what: string,
  schema: S,
): v.SchemaWithPipe<readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]> {
  return v.pipe(schema, v.description(what));
}

/** A whole number from 0. */
export const count = (what: string) => about(what, v.pipe(v.number(), v.integer(), v.minValue(0)));
/** A number from 0. */
export const amount = (what: string) => about(what, v.pipe(v.number(), v.finite(), v.minValue(0)));
/** A part of something, from 0 to 1. */
export const part = (what: string) => about(what, v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
/** A text. */
export const words = (what: string) => about(what, v.string());
/** Yes or no. */
export const flag = (what: string) => about(what, v.boolean());
/** A time of day. */
export const time = (what: string) => about(what, v.pipe(v.string(), v.isoTimestamp()));
