import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Names in lower case, as they came. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly text: string;
}
export type Alteration = (answer: Answer, request: IncomingMessage) => Partial<Answer>;

/** Stands before a real server and passes everything on, answers as a careless team might have changed them. */
export class AlteringProxy {
  alter: Alteration = () => ({});
  readonly #server: Server;
  #url = '';

  constructor(target: string) {
    this.#server = createServer((request, response) => {
      const upstream = ask(
        target + (request.url ?? ''),
        { method: request.method, headers: { ...request.headers, host: new URL(target).host } },
        (came) => {
          const chunks: Buffer[] = [];
          came.on('data', (chunk: Buffer) => chunks.push(chunk));
          came.on('end', () => {
            const body = Buffer.concat(chunks);
            const {
              'content-length': _length,
              'transfer-encoding': _encoding,
              ...headers
            } = came.headers;
            const before = {
              status: came.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(headers).flatMap(([name, value]) =>
                  value === undefined ? [] : [[name, value]],
                ),
              ),
              text: body.toString('utf8'),
            };
            const after = { ...before, ...this.alter(before, request) };
            response
              .writeHead(after.status, after.headers)
              .end(after.text === before.text ? body : after.text);
          });
        },
      );
      upstream.on('error', () => response.destroy());
      request.pipe(upstream);
    });
  }

  get url(): string {
    return this.#url;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#url = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
