import type { ServerResponse } from 'node:http';
import { StranglerError } from '@strangler-toolkit/plan';
import type { WorkerAddress } from './worker-address.ts';
import type { WorkerView } from './worker-view.ts';

export interface WorkerServer extends AsyncDisposable {
  readonly port: number;
}

const send = (response: ServerResponse, status: number, type: string, body: string): void =>
  void response.writeHead(status, { 'content-type': type }).end(body);

/**
 * The operators' port of a worker: `/health/live`, `/health` (and `/health/ready`), `/metrics`. Costs nothing until it is asked.
 * @throws StranglerError PORT_IN_USE
 */
export async function serveWorker(
  { host, port }: WorkerAddress,
  view: () => WorkerView,
): Promise<WorkerServer> {
  // A command line that serves nothing does not pay for loading them.
  const [{ createServer }, { healthText, workerMetrics }] = await Promise.all([
    import('node:http'),
    import('./worker-metrics.ts'),
  ]);
  const { registry, fill } = workerMetrics();
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    const now = performance.now();
    switch (path) {
      case '/health/live':
        return send(response, 200, 'application/json', JSON.stringify({ status: 'live' }));
      case '/health':
      case '/health/ready': {
        const health = healthText(view(), now);
        return send(response, health.ok ? 200 : 503, 'application/json', JSON.stringify(health));
      }
      case '/metrics':
        fill(view(), now);
        return send(response, 200, registry.contentType, await registry.metrics());
      default:
        return send(response, 404, 'text/plain', '/health, /health/live, /metrics\n');
    }
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    answer(path, response).catch(() => response.destroy());
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
