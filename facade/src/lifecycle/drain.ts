import type { ClientServer } from '../entrance/client-server.ts';
import type { Parts } from './assemble.ts';
import { release } from './release.ts';

/** Resolves when no request and no upgraded socket is left, or at the deadline. */
async function quiet({ server, upgrades }: ClientServer, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = performance.now() + deadlineMs;
  const ended = async (): Promise<void> => {
    await closed;
    while (upgrades.size > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
  await Promise.race([ended(), late]);
  clearTimeout(timer);
  clearInterval(sweep);
}

/** What had all the time until now is told all the same. */
const leastFlushMs = 500;

/** Readiness fails, no new connections, what is under way may finish until the deadline. */
export async function drain(parts: Parts, deadlineMs: number): Promise<void> {
  if (parts.phase === 'draining') return;
  parts.phase = 'draining';
  const { clients, admin } = parts;
  const started = performance.now();
  await quiet(clients, deadlineMs);
  for (const socket of clients.upgrades) socket.destroy();
  clients.server.closeAllConnections();
  await release(parts, Math.max(deadlineMs - (performance.now() - started), leastFlushMs));
  await new Promise<void>((resolve) => {
    admin.close(() => resolve());
    admin.closeAllConnections();
  });
}
