import type { Side } from '@strangler-toolkit/plan';
import type { Checkout } from './git.ts';

/** A version that something can be said about, or why there is none. */
export type Version = { readonly version: string } | { readonly unknown: string };

const unknown = (why: string): Version => ({ unknown: why });

/** A version of which nobody knows what it contains is none. */
const clean = (version: string): Version =>
  /dirty/i.test(version) ? unknown(`"${version}" is not as it was committed`) : { version };

/** What one build has and no other. A release number is the same for every build until somebody raises it. */
const fields = ['commit', 'sha', 'revision', 'digest'];
/** What brokers take in a path and people can read: a commit, a digest, a number, a tag. */
const readable = /^(?!(?:null|undefined|unknown|none|true|false)$)[\w.+:@-]{1,150}$/i;

/** What a side answers when it is asked for its build: one word, or JSON that names it. */
export function versionOfBuild(build: string): Version {
  if (readable.test(build)) return clean(build);
  const named = namedIn(build);
  if (named !== undefined && readable.test(named)) return clean(named);
  return unknown(
    `its answer is neither one word nor JSON with ${fields.join(', ')}: ${build.slice(0, 40)}`,
  );
}

function namedIn(text: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const values = fields.map((field): unknown => Reflect.get(parsed, field));
  return values.find((value) => typeof value === 'string' && value !== '') as string | undefined;
}

/**
 * What a side is a version of: the build that runs, by its own word; without one the commit, where it is verified in its own
 * pipeline. `build`: undefined where no path is named, null where it did not answer.
 */
export function providerVersion(
  side: Side,
  seen: {
    readonly given?: string;
    readonly build?: string | null;
    readonly own: boolean;
    readonly checkout?: Checkout;
  },
): Version {
  if (seen.given !== undefined) return clean(seen.given);
  if (seen.build === null) return unknown(`the ${side} does not say which build it is`);
  if (seen.build !== undefined) return versionOfBuild(seen.build);
  if (!seen.own) return unknown(`the context file names no ${side}.buildPath`);
  return committed(seen.checkout);
}

/** Of what lies in a repository. */
export function committed(checkout: Checkout | undefined): Version {
  if (checkout === undefined) return unknown('there is no git repository here');
  return checkout.dirty
    ? unknown(`commit ${checkout.commit.slice(0, 12)} has changes that are not committed`)
    : { version: checkout.commit };
}
