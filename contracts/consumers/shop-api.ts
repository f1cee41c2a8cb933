/** Sends one request to the shop, wherever its catalog lives: the path begins with a slash. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

export const sendTo =
  (url: string): Send =>
  (path, init) =>
    fetch(url + path, { redirect: 'manual', ...init });

/** The shop answered, and not what this client can use. */
export class UnexpectedAnswer extends Error {
  readonly status: number;
  readonly text: string;
  constructor(what: string, status: number, text: string) {
    super(`${what} answered ${status}: ${text.slice(0, 200)}`);
    this.status = status;
    this.text = text;
  }
}

export async function unlessOk(
  what: string,
  response: Response,
  ...expected: readonly number[]
): Promise<Response> {
  if (expected.includes(response.status)) return response;
  throw new UnexpectedAnswer(what, response.status, await response.text());
}

/** What a client promised itself of an answer; the contracts hold the providers to it. */
export const jsonOf = async <T>(response: Response): Promise<T> => (await response.json()) as T;
