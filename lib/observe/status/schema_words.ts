/**
 * What the schemas of the status server's answers are made of: values with what they mean.
 */

import * as v from "valibot";

/** @internal A value that is described. */
export type Described<S extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]
>;

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0));
const AMOUNT = v.pipe(v.number(), v.finite(), v.minValue(0));
const PART = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const WORDS = v.string();
const FLAG = v.boolean();
const TIME = v.pipe(v.string(), v.isoTimestamp());

/** @internal A value with what it is. */
export function about<const S extends v.GenericSchema>(what: string, schema: S): Described<S> {
  return v.pipe(schema, v.description(what));
}

/** A whole number from 0. */
export const count = (what: string): Described<typeof COUNT> => about(what, COUNT);
/** A number from 0. */
export const amount = (what: string): Described<typeof AMOUNT> => about(what, AMOUNT);
/** A part of something, from 0 to 1. */
export const part = (what: string): Described<typeof PART> => about(what, PART);
/** A text. */
export const words = (what: string): Described<typeof WORDS> => about(what, WORDS);
/** Yes or no. */
export const flag = (what: string): Described<typeof FLAG> => about(what, FLAG);
/** A time of day. */
export const time = (what: string): Described<typeof TIME> => about(what, TIME);
