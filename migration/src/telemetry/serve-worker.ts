import type { ServerResponse } from 'node:http';
import { bearerAllows, StranglerError } from '@strangler-toolkit/plan';
import type { WorkerAddress } from './worker-address.ts';
import type { WorkerView } from './worker-view.ts';

export interface WorkerServer extends AsyncDisposable {
  readonly port: number;
}

const send = (response: ServerResponse, status: number, type: string, body: string): void =>
  void response.writeHead(status, { 'content-type': type }).end(body);

/**
 * The operators' port of a worker: `/health/live`, `/health` (and `/health/ready`), `/metrics`. Costs nothing until it is asked.
 * With a token, who does not say it hears whether the worker is live and well, and no more.
 * @throws StranglerError PORT_IN_USE
 */
export async function serveWorker(
  { host, port, token }: WorkerAddress,
  view: () => WorkerView,
): Promise<WorkerServer> {
  // A command line that serves nothing does not pay for loading them.
  const [{ createServer }, { hash }, { healthText, workerMetrics }] = await Promise.all([
    import('node:http'),
    import('node:crypto'),
    import('./worker-metrics.ts'),
  ]);
  const { registry, fill } = workerMetrics();
  const answer = async (
    path: string,
    allowed: boolean,
    response: ServerResponse,
  ): Promise<void> => {
    const now = performance.now();
    if (path === '/health/live')
      return send(response, 200, 'application/json', JSON.stringify({ status: 'live' }));
    if (path === '/health' || path === '/health/ready') {
      const health = healthText(view(), now);
      const { ok, status } = health;
      const told = JSON.stringify(allowed ? health : { ok, status });
      return send(response, ok ? 200 : 503, 'application/json', told);
    }
    if (!allowed) {
      response.setHeader('www-authenticate', 'Bearer realm="strangler-worker"');
      return send(response, 401, 'text/plain', 'Authorization: Bearer <STRANGLER_WORKER_TOKEN>\n');
    }
    if (path !== '/metrics')
      return send(response, 404, 'text/plain', '/health, /health/live, /metrics\n');
    fill(view(), now);
    send(response, 200, registry.contentType, await registry.metrics());
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const allowed = bearerAllows(request.headers.authorization, token, (text) =>
      hash('sha256', text, 'hex'),
    );
    answer(path, allowed, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new StranglerError('PORT_IN_USE', `Port ${port} on ${host} is in use`, { cause })
          : cause,
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
