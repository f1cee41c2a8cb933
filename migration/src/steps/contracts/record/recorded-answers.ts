import { z } from 'zod';
import { recordedRequests } from '../../init/traffic-routes.ts';

/** A request that somebody recorded; with the answer it got where the recording holds that. */
export interface Recorded {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly accept?: string;
  readonly answer?: Answer;
  /** Names of the request's headers, in small letters, where the recording has them. */
  readonly sent?: readonly string[];
  /** What was sent, where the recording has it. */
  readonly body?: SentBody;
  /** What an access log says of the answer. */
  readonly status?: number;
}

export interface SentBody {
  readonly contentType: string;
  /** undefined where the recording left it out. */
  readonly text?: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly location?: string;
  /** undefined where it is no text. */
  readonly body?: string;
}

const headers = z.array(z.object({ name: z.string(), value: z.string() })).default([]);
const har = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({
          method: z.string(),
          url: z.string(),
          headers,
          // Recorders differ in what they write of it.
          postData: z
            .object({ mimeType: z.string(), text: z.string().optional() })
            .optional()
            .catch(undefined),
        }),
        response: z.object({
          status: z.number(),
          headers,
          content: z
            .object({ text: z.string().optional(), encoding: z.string().optional() })
            .optional(),
        }),
      }),
    ),
  }),
});

type Headers = z.infer<typeof headers>;
const valueOf = (list: Headers, wanted: string): string | undefined =>
  list.find(({ name }) => name.toLowerCase() === wanted)?.value;

/** What nobody answered, because a client left or a network failed, browsers write down as 0 or -1, and logs as 000. */
const isStatus = (status: number | undefined): status is number =>
  status !== undefined && status >= 100 && status <= 599;

/** Of a HAR file, an access log or JSON lines. Paths and queries only, wherever it was recorded. */
export function recordedAnswers(text: string): { recorded: Recorded[]; unread: number } {
  const archive = har.safeParse(jsonOrNothing(text));
  if (!archive.success) {
    const { requests, unread } = recordedRequests(text);
    return {
      recorded: requests.map(({ method, target, status }) => ({
        method,
        target: withoutOrigin(target),
        ...(isStatus(status) && { status }),
      })),
      unread,
    };
  }
  return {
    recorded: archive.data.log.entries.map(({ request, response }) => {
      const accept = valueOf(request.headers, 'accept');
      const { text: body, encoding } = response.content ?? {};
      return {
        method: request.method,
        target: withoutOrigin(request.url),
        ...(isStatus(response.status) && { status: response.status }),
        sent: request.headers.map(({ name }) => name.toLowerCase()),
        ...(accept !== undefined && { accept }),
        // Some recorders write down an empty one where nothing was sent.
        ...(request.postData && request.postData.text !== '' && { body: sentOf(request.postData) }),
        // Some recorders leave bodies out: the monolith is asked again for those.
        ...(body !== undefined &&
          isStatus(response.status) && {
            answer: answerOf(
              response.status,
              (name) => valueOf(response.headers, name),
              () => (encoding === 'base64' ? undefined : body),
            ),
          }),
      };
    }),
    unread: 0,
  };
}

const sentOf = ({ mimeType, text }: { mimeType: string; text?: string | undefined }): SentBody => ({
  contentType: mimeType,
  ...(text !== undefined && { text }),
});

export function answerOf(
  status: number,
  header: (name: string) => string | undefined,
  bodyText: () => string | undefined,
): Answer {
  const [contentType, location, body] = [header('content-type'), header('location'), bodyText()];
  return {
    status,
    ...(contentType !== undefined && { contentType }),
    ...(location !== undefined && { location }),
    ...(body !== undefined && { body }),
  };
}

function withoutOrigin(target: string): string {
  const url = /^https?:/i.test(target) ? URL.parse(target) : null;
  return url ? `${url.pathname}${url.search}` : (target.split('#')[0] ?? '');
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
