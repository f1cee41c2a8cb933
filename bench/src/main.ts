import type { BenchCommand } from './command.ts';

const usage = `npm run bench -- <what> [options]

  facade     what the facade costs, beside bare express + http-proxy-middleware and others
  cdc        copying and replicating, beside PostgreSQL's logical replication and Debezium's JDBC sink
  compare    comparing two answers of a shadow, beside parsing them
  contracts  how long one set of pacts takes against several providers

Each has --help. Ratios are medians over the rounds of one run on one machine; absolute numbers of different machines say nothing.`;

const load: Readonly<Record<string, () => Promise<BenchCommand>>> = {
  facade: async () => (await import('./facade/command.ts')).facadeCommand,
  cdc: async () => (await import('./cdc/command.ts')).cdcCommand,
  compare: async () => (await import('./compare/command.ts')).compareCommand,
  contracts: async () => (await import('./contracts/command.ts')).contractsCommand,
};

const [what = '', ...args] = process.argv.slice(2);
const found = load[what];
if (found === undefined) {
  console.error(usage);
  process.exit(what === '--help' || what === '-h' ? 0 : 2);
}
const interrupted = new AbortController();
let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // npm passes on what the terminal has sent to all: one Ctrl-C comes twice.
    if (interrupted.signal.aborted && performance.now() - interruptedAt < 500) return;
    if (interrupted.signal.aborted) process.exit(130);
    interruptedAt = performance.now();
    console.error('stopping what was started; Ctrl-C again ends at once');
    interrupted.abort();
  });
}
const command = await found();
try {
  process.exitCode = await command.run(args, {
    signal: interrupted.signal,
    tell: (line) => console.error(line),
    print: (line) => console.log(line),
  });
  if (interrupted.signal.aborted) process.exitCode = 130;
} catch (error) {
  const usageError =
    error instanceof TypeError &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!interrupted.signal.aborted)
    console.error(usageError ? `${error.message}\n\n${command.usage}` : error);
  process.exitCode = interrupted.signal.aborted ? 130 : usageError ? 2 : 1;
}
