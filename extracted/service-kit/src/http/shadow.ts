import type { IncomingMessage } from 'node:http';

export const shadowHeader = 'x-strangler-shadow';

/**
 * A mirrored request whose answer no client sees. A handler must leave nothing behind for it: no row, no mail, no call
 * with an effect. The facade strips the header from clients, so it can be believed behind the facade only.
 */
export const isShadow = (request: IncomingMessage): boolean =>
  request.headers[shadowHeader] === '1';
