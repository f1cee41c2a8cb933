import type { Server, ServerResponse } from 'node:http';

/**
 * Stops a server without breaking an answer: running requests finish, their connections close behind them, idle ones close
 * at once, and after `timeoutMs` whatever is left is cut. Resolves with the number of answers that had to be cut.
 */
export function trackResponses(server: Server): (timeoutMs: number) => Promise<number> {
  const running = new Set<ServerResponse>();
  server.prependListener('request', (_request, response) => {
    running.add(response);
    response.once('close', () => {
      running.delete(response);
      // A keep-alive connection becomes idle after its last answer; while stopping nobody else would close it.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  return async (timeoutMs) => {
    let cut = 0;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const response of running)
      if (!response.headersSent) response.setHeader('connection', 'close');
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      cut = running.size;
      server.closeAllConnections();
    }, timeoutMs);
    await closed;
    clearTimeout(timer);
    return cut;
  };
}
