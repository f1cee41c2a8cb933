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

/** Asks one side; undefined where it names no path. `url`: where an instance runs that is not the live one. */
export async function askBuild(
  kit: Pick<Toolkit, 'env'>,
  definition: MigrationDefinition,
  side: Side,
  url?: string,
): Promise<string | null | undefined> {
  const { url: live, buildPath } = definition[side];
  if (buildPath === undefined) return undefined;
  const where =
    url ?? resolveSetting(live, kit.env, `${side}.url of context ${definition.context}`);
  return ask(new URL(buildPath, where).href);
}

/** Asks both sides. `urls`: where instances run that are not the live ones. */
export async function askBuilds(
  kit: Pick<Toolkit, 'env'>,
  definition: MigrationDefinition,
  urls: Partial<Record<Side, string>> = {},
): Promise<Builds> {
  const builds: Partial<Record<Side, string | null>> = {};
  for (const side of bothSides) {
    const build = await askBuild(kit, definition, side, urls[side]);
    if (build !== undefined) builds[side] = build;
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
