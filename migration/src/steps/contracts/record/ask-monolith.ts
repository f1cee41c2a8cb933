import { type CompiledRoute, StranglerError } from '@strangler-toolkit/plan';
import { type Credential, isOf } from './credential.ts';
import { type Exchange, isDrafted } from './draft-pact.ts';
import { type Answer, answerOf, type Recorded } from './recorded-answers.ts';
import { toAsk } from './to-ask.ts';

export interface Asking {
  readonly monolith: string;
  readonly limit: number;
  readonly credential: Credential | undefined;
  readonly signal: AbortSignal;
  readonly tell: (target: string) => void;
}

/**
 * What was answered, and what is answered now where the recording does not say. Asked as nobody; what a stranger does not get is asked
 * with the credential too, and both answers count where they differ.
 *
 * @throws StranglerError PACTS_UNREACHABLE
 */
export async function exchangesOf(
  routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>,
  asking: Asking,
): Promise<{ exchanges: Exchange[]; asked: number }> {
  const { limit, credential } = asking;
  const exchanges: Exchange[] = [];
  let asked = 0;
  for (const [route, recorded] of routes) {
    if (!isDrafted(route)) continue;
    const found = ({ target, accept }: Recorded, answer: Answer, signedIn = false): void =>
      void exchanges.push({
        route,
        target,
        answer,
        ...(accept !== undefined && { accept }),
        ...(signedIn && { signedIn }),
      });
    for (const each of recorded)
      if (each.answer && each.method === 'GET') found(each, each.answer, isOf(credential, each));
    for (const each of toAsk(route.definition.path, recorded, limit)) {
      asking.tell(each.target);
      const answer = await ask(asking, each);
      found(each, answer);
      asked += 1;
      if (credential === undefined || answer.status < 300) continue;
      const signed = await ask(asking, each, credential);
      asked += 1;
      if (signed.status !== answer.status) found(each, signed, true);
    }
  }
  return { exchanges, asked };
}

async function ask(
  { monolith, signal }: Asking,
  { target, accept }: Recorded,
  credential?: Credential,
): Promise<Answer> {
  const url = `${monolith}${target}`;
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
      headers: { ...(accept !== undefined && { accept }), ...credential?.headers },
    });
    const text = await response.text();
    return answerOf(
      response.status,
      (name) => response.headers.get(name) ?? undefined,
      () => text,
    );
  } catch (cause) {
    throw new StranglerError('PACTS_UNREACHABLE', `The monolith does not answer at ${url}`, {
      cause,
    });
  }
}
