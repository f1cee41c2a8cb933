import type { Server } from 'node:http';
import { StranglerError } from '@strangler-toolkit/plan';

/** `exclusive`: of several processes each has a port of its own. @throws StranglerError PORT_IN_USE */
export function listen(
  server: Server,
  port: number,
  host: string,
  { exclusive = false }: { readonly exclusive?: boolean } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new StranglerError('PORT_IN_USE', `Port ${port} on ${host} is in use`, {
              cause,
              details: { port, host },
            })
          : cause,
      );
    });
    server.listen({ port, host, exclusive }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
