/**
 * Ports behind load balancers: which networks each trusts, and engines that read PROXY headers.
 */

import { addressBytes, isInNetwork, type Network, parseNetwork } from "../base/cidr.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { ArrivalOptions, HeaderRules } from "../net/miners/balancer_engine.ts";
import type { Engine, EngineEvents } from "../net/miners/engine.ts";
import type { ListenAddress } from "../net/miners/listeners.ts";

/** What is loaded with the first such port: it costs memory. */
interface Code {
  readonly engine: typeof import("../net/miners/balancer_engine.ts");
  readonly header: typeof import("../protocol/proxy/header.ts");
}

/** Ports behind load balancers, of one configuration after the other. */
export class BalancerPorts {
  #code: Code | undefined;
  /** By {@linkcode keyOf}. */
  #trusted: ReadonlyMap<string, readonly Network[]> = new Map();

  /**
   * Trusts what these ports name from now on, also where they are open. Call it before
   * {@linkcode BalancerPorts.rulesAt} for any of them.
   *
   * @returns a function that undoes it.
   */
  async load(ports: readonly ListenAddress[]): Promise<() => void> {
    const trusted = new Map(
      ports.flatMap((port) =>
        port.trusted === undefined ? [] : [[keyOf(port), port.trusted.map(networkOf)] as const]
      ),
    );
    if (trusted.size > 0) {
      this.#code ??= {
        engine: await import("../net/miners/balancer_engine.ts"),
        header: await import("../protocol/proxy/header.ts"),
      };
    }
    const before = this.#trusted;
    // A removed port may still get connections that were on their way.
    this.#trusted = new Map([...before, ...trusted]);
    return () => this.#trusted = before;
  }

  /** How this port reads headers; `undefined` if it has none. */
  rulesAt(port: ListenAddress): HeaderRules | undefined {
    if (port.trusted === undefined) return undefined;
    const code = this.#code;
    const key = keyOf(port);
    if (code === undefined || !this.#trusted.has(key)) {
      throw new Error("Cannot listen for PROXY headers: the port's networks were not loaded");
    }
    return {
      isTrusted: ({ hostname }) => {
        const address = addressBytes(hostname);
        return address !== undefined &&
          this.#trusted.get(key)!.some((network) => isInNetwork(address, network));
      },
      read: code.header.readProxyHeader,
      maxBytes: code.header.MAX_HEADER_BYTES,
    };
  }

  /** Starts an engine that reads headers by these rules. @throws the errors of `start`. */
  start(
    start: (events: EngineEvents) => Engine,
    events: EngineEvents,
    rules: HeaderRules,
    options: ArrivalOptions,
  ): Engine {
    return this.#code!.engine.startBehindBalancers(start, events, rules, options);
  }
}

function keyOf({ hostname, port }: PeerAddress): string {
  return `${hostname} ${port}`;
}

/** A network that the configuration's checks have let pass. */
function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) throw new RangeError(`Cannot read the network "${text}"`);
  return network;
}
