import {
  type MessageWatch,
  type PublishedMessage,
  sourceLimitMs,
  Unpublished,
} from './message-source.ts';

export async function askForMessages(url: string): Promise<MessageWatch> {
  const ask = (body: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(sourceLimitMs),
    });
  const refused = (status: number, said: string): Error =>
    new Error(`${url} answered ${status}: ${said.slice(0, 300)}`);
  const watching = await ask({ action: 'watch' });
  const said = await watching.text();
  if (!watching.ok) throw refused(watching.status, said);
  return {
    async newest(type) {
      const answer = await ask({ action: 'newest', type });
      const body = await answer.text();
      if (answer.status === 404) throw new Unpublished(type, body.slice(0, 1_000));
      if (!answer.ok) throw refused(answer.status, body);
      return messageOf(JSON.parse(body), url);
    },
    close: () => Promise.resolve(),
  };
}

function messageOf(answer: unknown, url: string): PublishedMessage {
  if (typeof answer !== 'object' || answer === null || !('contents' in answer))
    throw new Error(`${url} answered no { contents, metadata }`);
  const metadata: unknown = Reflect.get(answer, 'metadata');
  return {
    contents: answer.contents,
    metadata: Object.fromEntries(
      Object.entries(Object(metadata)).map(([name, value]) => [name, String(value)]),
    ),
  };
}
