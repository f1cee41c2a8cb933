import { secretFrom } from '@strangler-toolkit/plan/load';
import type { JWK } from 'jose';
import { AskFailed, askOnce, type Question } from '../proxy/ask-once.ts';
import { rawHeader } from '../proxy/raw-headers.ts';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import { changesSession, sessionOf, withoutSession } from './session-cookies.ts';
import type { SessionRule } from './session-rules.ts';
import { SessionSigner } from './session-signer.ts';
import { SessionTokens } from './session-tokens.ts';
import { type WhoItIs, whoItIs } from './who-it-is.ts';

const mostBytes = 65_536;
/** What the monolith's answer may hang on besides the session. */
const told = ['host', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'];

export interface BridgeParts {
  readonly monolithUrl: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly agents: () => UpstreamAgents;
  readonly onFailure: (why: string) => void;
}

/** A request that an answer belongs to. */
export interface Answered {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly cookie?: string | undefined };
}

/** The monolith's session becomes a token of a minute for services, which never see the session itself. */
export class SessionBridge {
  readonly published: readonly JWK[];
  readonly #rule: SessionRule;
  readonly #parts: BridgeParts;
  readonly #tokens: SessionTokens;

  /** @throws StranglerError for a key that is not there or none */
  constructor(rule: SessionRule, parts: BridgeParts) {
    this.#rule = rule;
    this.#parts = parts;
    const { issuer, audience, keys, cacheSeconds, maxSessions } = rule;
    const pems = keys.map((source) => secretFrom(source, parts.env));
    const signer = new SessionSigner({ pems, issuer, audience });
    this.published = signer.published;
    this.#tokens = new SessionTokens({
      cacheMs: cacheSeconds * 1_000,
      maxSessions,
      now: () => performance.now(),
      sign: ({ subject, claims }) => signer.sign(subject, claims),
      onFailure: parts.onFailure,
    });
  }

  /** What the service gets instead of what a monolith would; `address`: where the request comes from. @throws IdentityUnknown */
  async forService(headers: readonly string[], address: string): Promise<string[]> {
    const { cookies, header } = this.#rule;
    const kept: string[] = [];
    const had: string[] = [];
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] ?? '';
      const value = headers[index + 1] ?? '';
      const lower = name.toLowerCase();
      if (lower === header) continue;
      if (lower !== 'cookie') {
        kept.push(name, value);
        continue;
      }
      had.push(value);
      const rest = withoutSession(value, cookies);
      if (rest !== undefined) kept.push(name, rest);
    }
    const session = sessionOf(had.length === 0 ? undefined : had.join('; '), cookies);
    if (session === undefined) return kept;
    const context = told.flatMap((name) => {
      const value = rawHeader(headers, name);
      return value === undefined ? [] : [[name, value] as const];
    });
    const asked = JSON.stringify(context);
    const token = await this.#tokens.tokenFor({ session, asked, address }, () =>
      this.#ask(session, context),
    );
    if (token !== undefined)
      kept.push(header, header === 'authorization' ? `Bearer ${token}` : token);
    return kept;
  }

  async #ask(session: string, context: readonly (readonly [string, string])[]): Promise<WhoItIs> {
    const { monolithUrl, agents } = this.#parts;
    const { whoAmI, timeoutMs } = this.#rule;
    const question: Question = {
      upstream: monolithUrl,
      method: 'GET',
      target: whoAmI,
      headers: { ...Object.fromEntries(context), accept: 'application/json', cookie: session },
      timeoutMs,
      maxBytes: mostBytes,
    };
    const answer = await askOnce(agents(), question).catch((error: unknown) => {
      // the monolith may just have closed an idle connection
      if (!(error instanceof AskFailed) || error.kind !== 'error') throw error;
      return askOnce(agents(), { ...question, connection: 'fresh' });
    });
    return whoItIs(answer, this.#rule);
  }

  /** Before the client has an answer that changes its session, nobody is told what was true before. */
  sawAnswer({ method, path, headers: { cookie } }: Answered, rawHeaders: readonly string[]): void {
    if (this.#tokens.size === 0) return;
    const { cookies, changes } = this.#rule;
    const session = sessionOf(cookie, cookies);
    if (session === undefined) return;
    let changed = changes.includes(`${method} ${path}`);
    for (let index = 0; index + 1 < rawHeaders.length && !changed; index += 2)
      changed =
        rawHeaders[index]?.toLowerCase() === 'set-cookie' &&
        changesSession(rawHeaders[index + 1] ?? '', cookies, cookie);
    if (changed) this.#tokens.forget(session);
  }

  /** A logout that was asked for and not answered may have happened: the monolith is asked. */
  sawNoAnswer({ method, path, headers: { cookie } }: Answered): void {
    const { cookies, changes } = this.#rule;
    if (!changes.includes(`${method} ${path}`)) return;
    const session = sessionOf(cookie, cookies);
    if (session !== undefined) this.#tokens.forget(session);
  }
}
