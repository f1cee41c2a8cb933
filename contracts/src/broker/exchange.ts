import { type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { text as textOf } from 'node:stream/consumers';

export interface Exchange {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Certificates to trust instead of the usual ones, PEM. */
  readonly ca?: string;
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** Not fetch: it can neither be told which certificates to trust nor be kept from taking credentials along a redirect. */
export function exchange({ url, body, ...options }: Exchange): Promise<Reply> {
  const { method, ca, signal } = options;
  const headers = {
    ...options.headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      textOf(response).then(
        (text) =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            text,
          }),
        reject,
      );
    };
    const request =
      url.protocol === 'https:'
        ? secure(url, { method, headers, signal, ...(ca !== undefined && { ca }) }, answered)
        : plain(url, { method, headers, signal }, answered);
    request.once('error', reject);
    request.end(body);
  });
}
