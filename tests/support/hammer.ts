/**
 * A worker that sends requests to a status server without a pause, as `clients` parallel clients,
 * until it is stopped. Then it reports how often each HTTP status came.
 */

/** The first message to it. */
export interface HammerOrder {
  /** Addresses, requested in turn. */
  readonly urls: readonly string[];
  /** Clients at a time. */
  readonly clients: number;
}

/** How often each status came; 0 for no answer. */
export type HammerCounts = Readonly<Record<number, number>>;

const counts: Record<number, number> = {};
let isStopped = false;

async function ask(url: string): Promise<number> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

async function client(urls: readonly string[]): Promise<void> {
  for (let next = 0; !isStopped; next++) {
    const status = await ask(urls[next % urls.length]!);
    counts[status] = (counts[status] ?? 0) + 1;
  }
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<HammerOrder | "stop">) => void;
  postMessage: (counts: HammerCounts) => void;
};

let all: Promise<unknown> | undefined;
scope.onmessage = async ({ data }) => {
  if (data === "stop") {
    isStopped = true;
    await all;
    scope.postMessage(counts);
  } else {
    all = Promise.all(Array.from({ length: data.clients }, () => client(data.urls)));
  }
};
