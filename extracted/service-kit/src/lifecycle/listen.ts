import type { Server } from 'node:http';
import { ServiceError } from '../errors.ts';

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : '';

/** The port that the server got; a refusal says which address and why. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      const where = `${host}:${port}`;
      const code = codeOf(error);
      if (code === 'EADDRINUSE')
        reject(
          new ServiceError('PORT_IN_USE', `Port ${port} on ${host} is in use`, { cause: error }),
        );
      else if (code === 'EACCES')
        reject(
          new ServiceError('PORT_FORBIDDEN', `This process may not listen on ${where}`, {
            cause: error,
          }),
        );
      else if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
        reject(
          new ServiceError('HOST_UNKNOWN', `${host} is not an address of this machine`, {
            cause: error,
          }),
        );
      else reject(error);
    };
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.removeListener('error', refuse);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
