/** The page after a broken stream: it goes on where it was, and reads all only if it must. */

import assert from "node:assert/strict";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";

/** Between browser and agent; cuts what is under way. Stopped with `await using`. */
class CuttingProxy {
  /** Where the agent is; may be another one later. */
  agent: string;
  /** Paths that were asked for, with where a stream was said to be read up to. */
  asked: string[] = [];
  #cut = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(agent: string) {
    this.agent = agent;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        const headers = new Headers(request.headers);
        headers.delete("host");
        // fetch would unpack it, and not say so.
        headers.set("accept-encoding", "identity");
        const id = headers.get("last-event-id");
        this.asked.push(id === null ? pathname : `${pathname} after ${id}`);
        const { signal } = this.#cut;
        const { body, status, headers: answered } = await fetch(
          this.agent + pathname.slice(1) + search,
          { headers },
        );
        const cuttable = body?.pipeThrough(new TransformStream(), { signal }) ?? null;
        return new Response(cuttable, { status, headers: answered });
      },
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  cut(): void {
    this.#cut.abort();
    this.#cut = new AbortController();
    this.asked = [];
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    return this.#server.shutdown();
  }
}

browserTest(
  "after a break the page goes on where it was; after a restart it reads all",
  async () => {
    const farm = new FakeFarm(5);
    const say = (number: number) =>
      farm.log.push({
        number,
        time: new Date().toISOString(),
        level: "info",
        area: "pool",
        message: `Line ${number}`,
      });
    await using server = new FarmServer(farm);
    await using proxy = new CuttingProxy(server.url);
    const expected = /Failed to load resource|net::ERR_/;
    await using look = await Look.at(proxy.url, { expected });
    await look.sees(".events", /It begins/);
    say(2);
    await look.sees(".events", /Line 2/);
    assert.equal(proxy.asked.filter((path) => path === "/api/v1/history").length, 1);

    proxy.cut();
    say(3);
    say(4);
    await look.sees(".events", /Line 4.*Line 3.*Line 2.*It begins/);
    say(5);
    await look.sees(".events", /Line 5.*Line 4/);
    assert.match(proxy.asked.join(), /\/api\/v1\/stream after [\da-z]+\.2\.\d/);
    const whole = /history|events/;
    assert.ok(!proxy.asked.some((path) => whole.test(path)), proxy.asked.join());
    const lines = await look.texts(".events .message");
    assert.deepEqual(lines, ["Line 5", "Line 4", "Line 3", "Line 2", "It begins"]);

    const other = new FakeFarm(5);
    other.log[0] = { ...other.log[0]!, message: "It begins again" };
    await using restarted = new FarmServer(other, { wallNow: () => Date.now() + 5_000 });
    proxy.agent = restarted.url;
    proxy.cut();
    await look.sees(".events", /^(?!.*Line).*It begins again/);
    assert.ok(proxy.asked.includes("/api/v1/history"), proxy.asked.join());
  },
);
