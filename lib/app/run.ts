/**
 * `btcagent -c FILE`, or `--pool URL` without a file: reads the configuration, runs the proxy until
 * a stop is requested, and returns the exit code of the program.
 */

import type { Now, Time } from "../base/clock.ts";
import { fileTrouble } from "../base/file_trouble.ts";
import { printableLines } from "../base/printable.ts";
import type { RunCommand } from "../cli/command.ts";
import { type ConfigFile, readConfigFile } from "../config/file.ts";
import { configOfPools } from "../config/given_pools.ts";
import { formatRemark } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { mayServe, statusAddress } from "../config/status_address.ts";
import { PidFile } from "../host/pid_file.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog, changeLog, startLog, stopLog } from "../observe/log.ts";
import { LogFile, type LogFileLimits } from "../observe/log_file.ts";
import { RecentEvents } from "../observe/recent_events.ts";
import type { StatusServer } from "../observe/status/server.ts";
import { CannotUseCertificate } from "../net/tls/certificate_files.ts";
import { boundKernelBuffers } from "../net/libc/kernel_buffers.ts";
import { CannotListen } from "../net/miners/listeners.ts";
import { MinerTls } from "../net/tls/miner_tls.ts";
import { MemoryTrim } from "../host/memory_trim.ts";
import { ProgramPages } from "../host/program_pages.ts";
import { openFileLimit } from "../host/open_files.ts";
import { serviceEnvironment, ServiceManager } from "../host/service_manager.ts";
import { BalancerPorts } from "./balancer_ports.ts";
import { SECOND_SIGNAL_SECONDS } from "./operator.ts";
import type { HistoryKeeper } from "./history_keeper.ts";
import { logClosingBooks } from "./closing_books.ts";
import { DRAIN_TIMEOUT_MS, Proxy } from "./proxy.ts";
import { NotifierSwitch } from "./notifier_switch.ts";
import { Reloader } from "./reload.ts";
import { certificateFiles, listenAddresses } from "./settings.ts";
import { SizeFile } from "./size_file.ts";
import type { StatusViewOptions } from "./status_source.ts";

const log = areaLog("agent");

/** The operator's requests to the running program. */
export interface Wishes {
  /** Call this once there is a log: requests are logged from now on. */
  begin(): Promise<void>;
  /** Resolves when the program should stop. */
  stop(): Promise<void>;
  /** Calls `reload` whenever the operator asks for a reload. */
  onReload(reload: () => void): void;
}

/** Runs until a stop is requested. Returns 0 after an orderly stop, 1 or 2 when nothing ran. */
export async function run(
  command: RunCommand,
  version: string,
  wishes: Wishes,
  time: Time,
): Promise<number> {
  const { pools } = command;
  const file = pools === undefined
    ? await readConfigFile(command.configPath)
    : await configOfPools(pools);
  if (!file.ok) {
    complain(file.message);
    return 2;
  }
  const { path, base, config, remarks } = file;
  const logDir = command.logDir?.replace(/^(?!\/)/, base);
  const logFile = logDir === undefined ? undefined : logFileIn(logDir, config);
  if (logFile !== undefined && !await mayWrite(logFile)) return 1;
  const events = new RecentEvents();
  startLog({
    ...config.log,
    time,
    targets: logFile === undefined ? [Deno.stderr] : [Deno.stderr, logFile],
    heard: (line) => events.add(line),
  });
  // An error that nothing caught costs a line in the log, never the farm's work.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    reportFault(log, event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    reportFault(log, event.error);
  });
  log.info("btcagent {version} starts with {path}", { version, path });
  await wishes.begin();
  for (const remark of remarks) {
    const text = formatRemark(path, remark);
    if (remark.kind === "warning") log.warn("{text}", { text });
    else log.info("{text}", { text });
  }
  for (const text of command.notices) log.info("{text}", { text });
  const applyLog = (config: Config) => {
    changeLog(config.log);
    if (logFile !== undefined) logFile.limits = fileLimits(config);
  };
  const read = () => pools === undefined ? readConfigFile(path) : configOfPools(pools);
  const code = await serve({ path, read, config, version, events, wishes, applyLog, time });
  await stopLog();
  logFile?.close();
  return code;
}

interface Serving {
  readonly path: string;
  /** Reads the configuration again. */
  readonly read: () => Promise<ConfigFile>;
  readonly config: Config;
  readonly version: string;
  readonly events: RecentEvents;
  readonly wishes: Wishes;
  /** Applies a configuration to the log. */
  readonly applyLog: (config: Config) => void;
  readonly time: Time;
}

async function serve(serving: Serving): Promise<number> {
  const { path, read, config, version, events, wishes, applyLog, time } = serving;
  let proxy: Proxy;
  const { state_file: statePath } = config;
  const sizeFile = statePath === undefined ? undefined : new SizeFile(statePath, time);
  const history = await openHistory(config, time);
  const sizes = sizeFile ?? (history && {
    read: () => history.before.sizes,
    write: (sizes: ReadonlyMap<string, number>) => history.learnSizes(sizes),
  });
  try {
    const tls = new MinerTls(time.wallNow);
    await tls.load(certificateFiles(config));
    const balancers = new BalancerPorts();
    await balancers.load(listenAddresses(config));
    proxy = new Proxy({
      config,
      version,
      time,
      tls,
      balancers,
      openFiles: await openFileLimit(),
      knownSizes: await sizes?.read(),
      sizesChanged: sizes && ((narrow) => sizes.write(narrow)),
      history: history?.hooks,
    });
    history?.begin(proxy);
  } catch (error) {
    if (!(error instanceof CannotListen || error instanceof CannotUseCertificate)) throw error;
    log.error("{problem}", { problem: error.message });
    return error instanceof CannotListen ? 1 : 2;
  }
  const stopping = wishes.stop();
  const alarms = new NotifierSwitch(proxy, time, { history, memory: history?.incidents });
  let logInForce = config.log;
  const reloader = new Reloader({
    path,
    read,
    config,
    time,
    apply: async (config) => {
      await proxy.reconfigure(config);
      await alarms.apply();
    },
    applyLog: (config) => {
      // Levels set over the status server stay until those of the file change.
      if (JSON.stringify(logInForce) !== JSON.stringify(config.log)) applyLog(config);
      logInForce = config.log;
    },
  });
  const manager = new ServiceManager(serviceEnvironment(), time);
  wishes.onReload(() => {
    manager.reloading();
    void reloader.reload().finally(() => manager.ready());
  });
  const pidFile = await takePidFile(config.pid_file, time);
  const view = { farm: proxy.view, control: proxy, history, version, events, reloader, alarms };
  const status = await startStatus(view, time, proxy.clock.now);
  await alarms.apply();
  const trim = new MemoryTrim(time);
  const pages = new ProgramPages(time);
  manager.ready();
  await stopping;
  manager.stopping();
  const { connected, waitingShares, shares } = proxy.statistics();
  log.info(
    "Stopping; miner connections: {connected}, shares without a verdict: {unjudged}. " +
      "Waiting for the verdicts for up to {seconds} s; another signal, at least {second} s " +
      "after the first, stops at once",
    {
      connected,
      unjudged: waitingShares + shares.earlyOpen,
      seconds: DRAIN_TIMEOUT_MS / 1000,
      second: SECOND_SIGNAL_SECONDS,
    },
  );
  await reloader.end();
  alarms.stop();
  await proxy.stop();
  await sizeFile?.end();
  await history?.end();
  await pidFile?.release();
  await status?.stop();
  manager.close();
  await trim.stop();
  await pages.stop();
  logClosingBooks(proxy);
  return 0;
}

/** Opens the history, if one is kept; its code is loaded only here, since it costs memory. */
async function openHistory(config: Config, time: Time): Promise<HistoryKeeper | undefined> {
  if (config.history.path === "") return undefined;
  const module = await import("./open_history.ts");
  return module.openHistory(config, time);
}

/** Writes our process id to `path`. A failure is only logged: mining goes on. */
async function takePidFile(path: string | undefined, time: Time): Promise<PidFile | undefined> {
  if (path === undefined) return undefined;
  try {
    return await PidFile.take(path, time);
  } catch (error) {
    const found = fileTrouble(error);
    const problem = `Cannot write the process id to pid_file ${path}: ${found}`;
    log.warn(
      "{problem}. `btcagent reload` will not find this process: set another pid_file, for this " +
        "process only",
      { problem },
    );
    return undefined;
  }
}

/** Starts the status server; its code is loaded only here, since it costs memory. */
async function startStatus(
  options: StatusViewOptions,
  time: Time,
  now: Now,
): Promise<StatusServer | undefined> {
  const { config } = options.farm;
  const address = statusAddress(config);
  if (address === undefined || !mayServe(address, config)) return undefined;
  const [{ startStatusServer }, { StatusView }] = await Promise.all([
    import("../observe/status/server.ts"),
    import("./status_source.ts"),
  ]);
  const view = new StatusView(options);
  const server = startStatusServer({
    ...address,
    token: config.status.token,
    readToken: config.status.read_token,
    time,
    now,
    source: view,
    control: config.status.control ? view : undefined,
    workerSeriesMax: config.status.worker_series_max,
  });
  if (server !== undefined) boundKernelBuffers(server.address);
  return server;
}

/** Prints a problem to stderr, before there is a log. */
function complain(message: string): void {
  let bytes = new TextEncoder().encode(`btcagent: ${printableLines(message.trimEnd())}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
}

function logFileIn(directory: string, config: Config): LogFile {
  return new LogFile(directory, fileLimits(config));
}

function fileLimits({ log }: Config): LogFileLimits {
  return { maxFileBytes: log.max_file_bytes, maxFiles: log.max_files };
}

/**
 * Whether Deno allows to write the log; complains if not. Other problems may pass while miners
 * mine.
 */
async function mayWrite(file: LogFile): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "write", path: file.directory });
  if (state === "granted") return true;
  complain(
    `cannot write the log to ${file.directory}: Deno was given no permission for it; ` +
      `start it with deno task start, which has it, or add --allow-write=${file.directory} to ` +
      "the flags of deno run",
  );
  return false;
}
