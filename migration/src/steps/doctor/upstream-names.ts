import { readInstanceDetail } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';

/** Names that facades cannot look up: they go on with the addresses that they know, and notice no others. */
export async function checkUpstreamNames(control: Control, report: Report): Promise<void> {
  const alive = (await control.instances.list()).filter((instance) => instance.alive);
  const unknown = alive.flatMap(({ name: facade, detail }) =>
    Object.entries(readInstanceDetail(detail).unknownNames ?? {}).map(
      ([name, problem]) => `${facade}: ${name} (${problem})`,
    ),
  );
  report({
    check: 'names of upstreams',
    ok: unknown.length === 0,
    expected: 'every facade can look them up',
    actual: unknown.length === 0 ? 'no facade says otherwise' : unknown.join(', '),
    remedy:
      'Look at the DNS that the facades ask (FACADE_DNS_SERVERS, else the system): until it answers they use the last ' +
      'addresses, and nothing new that is behind the name.',
  });
}
