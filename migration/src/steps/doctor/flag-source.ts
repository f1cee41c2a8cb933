import { readInstanceDetail } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';
import type { FlagWriter } from '../../flags/index.ts';

/** Facades that read their flags elsewhere: whatever is changed here, they never hear of it. */
export async function checkFlagSource(
  control: Control,
  { source, provider }: FlagWriter,
  report: Report,
): Promise<void> {
  const elsewhere = (await control.instances.list()).flatMap(({ alive, name, detail }) => {
    const { flags } = readInstanceDetail(detail);
    const read = flags ?? 'unleash';
    return alive && read !== source ? [`${name} (${flags ?? 'it does not say'})`] : [];
  });
  report({
    check: 'flags of facades',
    ok: elsewhere.length === 0,
    expected: `read from where this command changes them: ${provider}`,
    actual: elsewhere.length === 0 ? 'all of them' : `elsewhere: ${elsewhere.join(', ')}`,
    remedy:
      source === 'control'
        ? 'Set UNLEASH_URL and UNLEASH_ADMIN_TOKEN for this command as well, or start the facades without UNLEASH_URL.'
        : 'Start the facades with UNLEASH_URL and UNLEASH_CLIENT_TOKEN, or run this command without UNLEASH_URL.',
  });
}
