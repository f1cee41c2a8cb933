import {
  bothSides,
  type MigrationDefinition,
  resolveSetting,
  type Side,
} from '@strangler-toolkit/plan';
import type { Toolkit } from './toolkit.ts';

/** What each side answers when asked for its build; a side that names no path has none. Null: it did not answer. */
export type Builds = Readonly<Partial<Record<Side, string | null>>>;

const askedBytes = 65_536;

async function ask(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(5000),
    });
    const body = await response.text();
    return response.status === 200 && body.length <= askedBytes ? body.trim() : null;
  } catch {
    return null;
  }
}

/** Asks both sides. `urls`: where instances run that are not the live ones. */
export async function askBuilds(
  kit: Pick<Toolkit, 'env'>,
  definition: MigrationDefinition,
  urls: Partial<Record<Side, string>> = {},
): Promise<Builds> {
  const builds: Partial<Record<Side, string | null>> = {};
  for (const side of bothSides) {
    const { url, buildPath } = definition[side];
    if (buildPath === undefined) continue;
    const where =
      urls[side] ?? resolveSetting(url, kit.env, `${side}.url of context ${definition.context}`);
    builds[side] = await ask(new URL(buildPath, where).href);
  }
  return builds;
}

/** Which side runs another build than the evidence is about; undefined: both run the same. */
export function otherBuild(basis: unknown, now: Builds): string | undefined {
  for (const side of bothSides) {
    const is = now[side];
    if (is === undefined) continue;
    const was: unknown =
      typeof basis === 'object' && basis !== null ? Reflect.get(basis, side) : undefined;
    if (is === null) return `the ${side} does not say which build it is`;
    if (typeof was !== 'string') return `it does not say which build of the ${side} it was about`;
    if (was !== is) return `the ${side} runs another build (${short(is)}, it was ${short(was)})`;
  }
  return undefined;
}

const short = (build: string): string => (build.length > 60 ? `${build.slice(0, 57)}…` : build);
