import { lsnFromText, lsnToText } from '../../../database/lsn.ts';
import type { SlotHealth } from '../../source/slot-health.ts';
import { failureOf, isRunning, traceReason } from '../connect-client.ts';
import {
  configDifferences,
  type ConnectorConfig,
  essentialSettings,
  shownConfig,
} from '../connector-config.ts';
import { newestOffset } from '../connector-offset.ts';
import { again, anew, type Patient } from './patient.ts';

export async function checkConnector(
  { context, connect, report }: Patient,
  name: string,
  wanted: ConnectorConfig,
  slot: SlotHealth | null,
): Promise<void> {
  const [running, status] = [await connect.config(name), await connect.status(name)];
  const check = `connector ${name}`;
  if (!running)
    return report({
      check,
      ok: false,
      expected: 'RUNNING',
      actual: 'missing',
      remedy: again(context),
    });
  const failure = failureOf(status);
  const states = `${status?.state ?? 'not started'}, task ${status?.tasks.map(({ state }) => state).join(', ') || 'none'}`;
  if (failure !== null)
    report({
      check,
      ok: false,
      expected: 'RUNNING',
      actual: `${states}: ${traceReason(failure)}\n${failure.slice(0, 3000)}`,
      remedy:
        `Mend the cause, then restart it: strangler replicate ${context} does, or curl -X POST ` +
        `'${connect.url}/connectors/${name}/restart?includeTasks=true&onlyFailed=true'`,
    });
  else
    report({
      check,
      ok: isRunning(status),
      expected: 'RUNNING, task RUNNING',
      actual: states,
      remedy: again(context),
    });
  const shown = [shownConfig(running), shownConfig(wanted)] as const;
  const differing = new Set(
    [...Object.keys(running), ...Object.keys(wanted)].filter(
      (setting) => setting !== 'name' && running[setting] !== wanted[setting],
    ),
  );
  for (const setting of [...differing].filter((one) => one in essentialSettings).toSorted()) {
    report({
      check: `connector setting ${setting}`,
      ok: false,
      expected: `${shown[1][setting] ?? 'not set'} (${essentialSettings[setting]})`,
      actual: shown[0][setting] ?? 'not set',
      remedy:
        `${again(context)}; it sets it right. What was sent meanwhile may be wrong: strangler ` +
        `verify ${context} compares the rows; if the worker cannot read it, strangler replicate ` +
        `${context} --restart`,
    });
  }
  const others = configDifferences(
    Object.fromEntries(
      Object.entries(running).filter(([setting]) => !(setting in essentialSettings)),
    ),
    Object.fromEntries(
      Object.entries(wanted).filter(([setting]) => !(setting in essentialSettings)),
    ),
  );
  report({
    check: 'connector settings',
    ok: others.length === 0,
    expected: 'those of the context file',
    actual: others.length === 0 ? 'those of the context file' : others.join('; '),
    remedy: again(context),
  });
  const offset = newestOffset(await connect.offset(name));
  if (offset === null || slot?.confirmed === null || slot === null) return;
  const confirmed = lsnFromText(slot.confirmed);
  report({
    check: 'slot and offset',
    ok: confirmed <= offset,
    expected: 'the slot is not ahead of the connector',
    actual: `slot at ${slot.confirmed}, connector at ${lsnToText(offset)}`,
    remedy: anew(context),
  });
}
