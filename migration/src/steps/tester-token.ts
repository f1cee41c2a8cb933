import { type Side, StranglerError } from '@strangler-toolkit/plan';
import {
  edgeDuty,
  makeTesterToken,
  readEdgeFile,
  readTesterToken,
  testerCookie,
  testerHeader,
  testerKeys,
  testerRules,
} from '@strangler-toolkit/plan/load';
import type { Toolkit } from './toolkit.ts';

const remedy =
  'Name the file of the edge in FACADE_EDGE, with testers: { "keys": [{ "env": "FACADE_TESTER_KEY" }] } in it.';

/** What the file of the edge says of testers. @throws StranglerError CONFIG_ENV_MISSING and what the file is faulty by */
async function testersOf({ env }: Pick<Toolkit, 'env'>) {
  const file = env.FACADE_EDGE;
  const rules = file ? edgeDuty(await readEdgeFile(file), 'testers', testerRules) : undefined;
  if (!rules)
    throw new StranglerError(
      'CONFIG_ENV_MISSING',
      file
        ? `${file} says nothing of testers: no facade would take a token`
        : 'FACADE_EDGE is not set: the key of testers stands in the file that it names',
      { remedy },
    );
  return { rules, keys: testerKeys(rules, env) };
}

export interface TesterAsked {
  readonly contexts: readonly string[];
  readonly side: Side;
  readonly seconds: number;
  readonly who: string;
}

export interface MadeToken {
  readonly token: string;
  readonly header: string;
  readonly cookie: string;
  readonly contexts: readonly string[];
  readonly side: Side;
  readonly who: string;
  readonly expires: string;
}

/** A token with which whoever shows it gets one side's answers to reads. @throws StranglerError */
export async function testerToken(kit: Toolkit, asked: TesterAsked): Promise<MadeToken> {
  const { contexts, side, seconds, who } = asked;
  for (const context of contexts) await kit.definition(context);
  const { rules, keys } = await testersOf(kit);
  if (seconds <= 0 || seconds > rules.maxHours * 3_600)
    throw new StranglerError(
      'USAGE',
      `a token may last ${rules.maxHours} hours (maxHours of testers), not ${seconds / 3_600}`,
    );
  const made = Math.floor(Date.now() / 1_000);
  const expires = made + Math.ceil(seconds);
  const token = makeTesterToken({ contexts, side, who, made, expires }, keys[0]);
  return {
    token,
    header: `${testerHeader}: ${token}`,
    cookie: `${testerCookie}=${token}`,
    contexts,
    side,
    who,
    expires: new Date(expires * 1_000).toISOString(),
  };
}

/** Of a request that shows a token: whose reads go where, or why it counts for nothing. */
export interface TesterShown {
  readonly counts: boolean;
  readonly because: string;
  readonly contexts: readonly string[];
  readonly side: Side | null;
}

const why = {
  expired: 'it has expired',
  'too-long': 'it was made for longer than maxHours',
  forged: 'none of the keys signed it',
} as const;

/** Null: it shows none. */
export async function testerShown(
  kit: Pick<Toolkit, 'env'>,
  headers: Readonly<Record<string, readonly string[]>>,
): Promise<TesterShown | null> {
  const cookies = (headers.cookie ?? []).flatMap((line) => line.split(';'));
  const inCookies = cookies.flatMap((pair) => {
    const [name = '', value = ''] = pair.trim().split(/=(.*)/s);
    return name === testerCookie ? [value] : [];
  });
  const shown = headers[testerHeader] ?? inCookies;
  const [text, ...more] = shown;
  if (text === undefined) return null;
  const nothing = (because: string): TesterShown => ({
    counts: false,
    because,
    contexts: [],
    side: null,
  });
  if (more.length > 0) return nothing('it is there twice');
  try {
    const { rules, keys } = await testersOf(kit);
    const read = { nowSeconds: Date.now() / 1_000, maxHours: rules.maxHours };
    const verdict = readTesterToken(text, keys, read);
    if (verdict.kind !== 'taken') return nothing(why[verdict.kind]);
    const { contexts, side, who, expires } = verdict.token;
    const until = new Date(expires * 1_000).toISOString();
    return { counts: true, because: `of ${who}, until ${until}`, contexts, side };
  } catch (error) {
    if (!(error instanceof StranglerError)) throw error;
    return nothing(`not known: ${error.code}: ${error.message}`);
  }
}
