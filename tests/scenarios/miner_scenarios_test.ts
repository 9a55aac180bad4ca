/** Conversations of miners with the proxy, told as transcripts: see support/transcript.ts. */

import assert from "node:assert/strict";
import { replay, waysToCut } from "../support/transcript.ts";

for (const { name } of Deno.readDirSync(import.meta.dirname!)) {
  if (!name.endsWith(".txt")) continue;
  const text = Deno.readTextFileSync(`${import.meta.dirname}/${name}`);

  Deno.test(`${name}: it goes as the transcript says, however the network cuts it`, () => {
    for (const [way, cut] of waysToCut(text)) assert.equal(replay(text, cut), text, way);
  });
}
