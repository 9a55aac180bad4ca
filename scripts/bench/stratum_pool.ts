/**
 * The pool's end of a benchmark that speaks ordinary Stratum, in ckpool's manner: 8 bytes for
 * extranonce2, one authorized name, every submit hashed and judged (hashing_pool.ts).
 */

import { parseHex32 } from "../../lib/base/hex.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { type Job, notifyParams } from "../../lib/protocol/stratum/job.ts";
import { LineDecoder } from "../../lib/protocol/stratum/lines.ts";
import { decodeStratum, type Request } from "../../lib/protocol/stratum/message.ts";
import { formatRequestId } from "../../lib/protocol/stratum/request_id.ts";
import {
  type Client,
  DIFFICULTY,
  HashingPool,
  type Judgement,
  ROOM_BYTES,
} from "./hashing_pool.ts";

const SET_DIFFICULTY =
  `{"params": [${DIFFICULTY}], "id": null, "method": "mining.set_difficulty"}\n`;

const MAX_LINE_BYTES = 4_096;

/** Ids of jobs are this number and the job's own. */
const FIRST_JOB_ID = 0x6543210000000000n;

const REFUSAL: Readonly<Record<Exclude<Judgement, "accepted">, string>> = {
  unknownJob: '[21,"Invalid job id",null]',
  low: '[23,"Above target",null]',
  illegal: '[20,"Invalid share",null]',
};

const encoder = new TextEncoder();

interface StratumClient extends Client {
  readonly decoder: LineDecoder;
}

class StratumPool extends HashingPool<StratumClient> {
  protected override newClient(fd: number, count: number): StratumClient {
    return {
      fd,
      decoder: new LineDecoder(MAX_LINE_BYTES, MinerFault),
      prefix: (0x65000000 + count).toString(16),
      prepared: new Map(),
      isReady: false,
    };
  }

  protected override take(client: StratumClient, bytes: Uint8Array): void {
    client.decoder.push(bytes);
    let answers = "";
    for (let line = client.decoder.next(); line; line = client.decoder.next()) {
      const message = decodeStratum(line, MinerFault);
      if (message.kind === "request") answers += this.#answer(client, message);
      else this.noteBad();
    }
    if (answers !== "") this.kernel.send(client.fd, encoder.encode(answers));
  }

  protected override tellJob({ fd }: StratumClient, number: number, job: Job): void {
    const id = (FIRST_JOB_ID + BigInt(number)).toString(16);
    const params = JSON.stringify(notifyParams(job, id, false));
    const line = `{"params": ${params}, "id": null, "method": "mining.notify"}\n`;
    this.kernel.send(fd, encoder.encode(line));
  }

  #answer(client: StratumClient, { id, method, params }: Request): string {
    const answer = (result: string, error = "null") =>
      `{"result": ${result}, "error": ${error}, "id": ${formatRequestId(id)}}\n`;
    switch (method) {
      case "mining.submit": {
        const judgement = this.#judged(client, params);
        return judgement === "accepted" ? answer("true") : answer("false", REFUSAL[judgement]);
      }
      case "mining.configure":
        return answer('{"version-rolling": true, "version-rolling.mask": "1fffe000"}');
      case "mining.subscribe": {
        const session = `[["mining.notify", "${client.prefix}"]]`;
        return answer(`[${session}, "${client.prefix}", ${ROOM_BYTES}]`);
      }
      case "mining.authorize":
        client.isReady = true;
        this.kernel.send(client.fd, encoder.encode(answer("true") + SET_DIFFICULTY));
        this.tellNewest(client);
        return "";
      default:
        this.noteBad();
        return answer("null", '[20,"Unknown method",null]');
    }
  }

  #judged(client: StratumClient, params: readonly unknown[]): Judgement {
    const [, id = "", extranonce2 = "", ...words] = params.map(String);
    const [ntime, nonce, versionBits = 0] = words.map((word) => parseHex32(word));
    const isJobId = /^[0-9a-f]{16}$/.test(id);
    const isWhole = extranonce2.length === 2 * ROOM_BYTES;
    return this.judge(client, {
      jobNumber: isJobId ? Number(BigInt(`0x${id}`) - FIRST_JOB_ID) : 0,
      room: isWhole ? Uint8Array.fromHex(extranonce2) : new Uint8Array(0),
      ntime,
      nonce,
      version: (ofJob) => (ofJob ^ versionBits) >>> 0,
    });
  }
}

if (import.meta.main) new StratumPool(await loadShareHasher()).run();
