import { homeOf, mirrorsAt, otherSide, type OwnerView, type Side } from '@strangler-toolkit/plan';
import { seenThrough } from '../edge/rewrite-observed.ts';
import type { UpstreamAnswer } from '../proxy/answer.ts';
import { headersObject } from '../proxy/raw-headers.ts';
import type { Onlooker } from '../proxy/relay.ts';
import type { MirroredRead } from '../shadow/mirror.ts';
import { addressOf } from './asked-of.ts';
import type { Claim } from './claim.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import type { Who } from './who.ts';

/** A read as it was served. */
export interface Served {
  readonly claim: Claim;
  readonly who: Who;
  readonly side: Side;
  readonly view: OwnerView;
  readonly answer: UpstreamAnswer;
}

/** There is something to compare with: the other side has the data, or needs none of its own. */
const comparable = ({ dataKind, stage }: OwnerView): boolean =>
  dataKind !== 'replicated' || mirrorsAt(stage);

/**
 * Sees the answer that is to be mirrored; undefined when it is not. Whatever goes wrong in the shadow is counted
 * and never reaches the client.
 */
export function mirrorAnswer(
  { flags, mirror, metrics, trusted }: Serving,
  passage: Passage,
  { claim, who, side, view, answer }: Served,
): Onlooker | undefined {
  const { method, path, search } = passage.arrival;
  const askedAgain = method === 'GET' || passage.body !== undefined;
  if (!comparable(view) || !askedAgain || side !== homeOf(view)) return undefined;
  // how its answers are compared, one route says
  if (claim.also !== undefined && claim.also.length > 0) return undefined;
  try {
    if (flags.isEnabled(claim.flags.shadow, who.sticky) !== true) return undefined;
    const session = claim.duties?.session;
    const read: MirroredRead = {
      route: claim.route,
      method,
      target: { path, search },
      headers: headersObject(passage.headers),
      ...(session && {
        forService: async () =>
          headersObject(
            await session.forService(passage.headers, addressOf({ trusted }, passage.arrival)),
          ),
      }),
      ...(passage.body && { body: passage.body }),
      reference: claim.plan.urls[side],
      candidate: claim.plan.urls[otherSide(side)],
      served: side,
      epoch: view.epoch,
      replicated: view.dataKind === 'replicated',
      ...throughEdge(claim, side),
      origin: passage.arrival.trace.span?.spanContext(),
    };
    const watcher = mirror.watch(read, {
      status: answer.status,
      headers: headersObject(answer.rawHeaders),
    });
    return watcher && guarded(watcher, () => metrics.shadowCrashes.inc());
  } catch {
    metrics.shadowCrashes.inc();
    return undefined;
  }
}

/** Parity is judged on what clients see. */
function throughEdge({ duties }: Claim, side: Side): Pick<MirroredRead, 'through'> {
  const rewrites = duties?.rewrites;
  if (!rewrites) return {};
  const [reference, candidate] = [rewrites[side], rewrites[otherSide(side)]];
  return {
    through: {
      ...(reference && { reference: seenThrough(reference) }),
      ...(candidate && { candidate: seenThrough(candidate) }),
    },
  };
}

/** What the shadow throws is counted. */
function guarded(watcher: Onlooker, onCrash: () => void): Onlooker {
  const guard = (look: () => void): void => {
    try {
      look();
    } catch {
      onCrash();
    }
  };
  return {
    chunk: (chunk) => guard(() => watcher.chunk(chunk)),
    end: (whole) => guard(() => watcher.end(whole)),
  };
}
