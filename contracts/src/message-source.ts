/** Where the messages of a provider come from. A provider state makes one happen; what happened before it is no proof. */
export type MessageSource =
  /**
   * URL of the database whose table `outbox` holds what is published (id, aggregatetype, aggregateid, type, payload): the newest
   * row since the state, of the type that the pact's metadata names, is the message.
   */
  | { readonly outbox: string }
  /**
   * Asked twice by POST, whatever carries the messages: `{ "action": "watch" }` before the state is entered, `{ "action": "newest",
   * "type" }` after it. The answer is 200 `{ contents, metadata }`, or 404 with the reason why there is none.
   */
  | { readonly url: string };

export interface PublishedMessage {
  readonly contents: unknown;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Looks at what was published since it was opened. */
export interface MessageWatch {
  /** @throws Unpublished when nothing of this type was published since; Error when the source does not tell */
  newest(type: string): Promise<PublishedMessage>;
  close(): Promise<void>;
}

/** Longest time for one answer of a source, milliseconds. */
export const sourceLimitMs = 30_000;

/** The source was looked at, and holds no such message: what was promised is not published. */
export class Unpublished extends Error {
  constructor(type: string, why?: string) {
    super(why || `nothing of type "${type}" was published after its provider state`);
  }
}
