type Params = Readonly<Record<string, unknown>>;
export type Told = (method: string, params: Params) => void;

/** One connection to a browser, in the protocol of its developer tools. */
export class DevTools {
  readonly #socket: WebSocket;
  #last = 0;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Params) => void; reject: (error: Error) => void }
  >();
  readonly #told = new Map<string, Told>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data))));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser is gone'));
      this.#waiting.clear();
    });
  }

  static async connect(address: string): Promise<DevTools> {
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error(`no answer at ${address}`)), {
        once: true,
      });
    });
    return new DevTools(socket);
  }

  /** What the browser tells of one of its tabs from now on. */
  onTold(session: string, told: Told): void {
    this.#told.set(session, told);
  }

  send(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
  }

  close(): void {
    this.#socket.close();
  }

  #hear(message: {
    id?: number;
    method?: string;
    sessionId?: string;
    params?: Params;
    result?: Params;
    error?: { message: string };
  }): void {
    if (message.id === undefined) {
      this.#told.get(message.sessionId ?? '')?.(message.method ?? '', message.params ?? {});
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result ?? {});
  }
}
