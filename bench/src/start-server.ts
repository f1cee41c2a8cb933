import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guardChild, until } from '@strangler-toolkit/dev-stack';

export interface BenchServer {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

export interface ServerToStart {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens; without it, the log line "listening" tells. */
  readonly port?: number;
}

const listeningPort = (log: string): number | undefined => {
  const line = log.split('\n').find((text) => text.includes('"msg":"listening"'));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
};

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).status < 500;
  } catch {
    return false;
  }
}

/** What a server prints goes to a file: reading it would cost the load generator what the server is measured for. */
export async function startServer(folder: string, server: ServerToStart): Promise<BenchServer> {
  const { name, command, args, env } = server;
  const logFile = join(folder, `${name}.log`);
  const log = await open(logFile, 'w');
  const child: ChildProcess = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  guardChild(child);
  const gone = once(child, 'exit');
  const port = await until(`${name} listens`, async () => {
    if (child.exitCode !== null)
      throw new Error(`${name} ended: ${await readFile(logFile, 'utf8')}`);
    if (server.port !== undefined) return (await answers(server.port)) ? server.port : undefined;
    return listeningPort(await readFile(logFile, 'utf8'));
  });
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await gone;
      clearTimeout(late);
    },
  };
}
