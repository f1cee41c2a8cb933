import { readFile } from 'node:fs/promises';
import { StranglerError } from '@strangler-toolkit/plan';
import { type EdgeRules, edgeSchema, type EdgeSettings } from './edge-schema.ts';

const remedy = 'Mend the named field of the edge file (docs/guide/edge.md shows each duty).';

/** @throws StranglerError CONFIG_INVALID */
export function edgeRules(settings: EdgeSettings): EdgeRules {
  const parsed = edgeSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StranglerError(
    'CONFIG_INVALID',
    `edge: ${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'invalid'}`,
    { remedy, cause: parsed.error },
  );
}

/** The file that FACADE_EDGE names. @throws StranglerError CONFIG_NOT_FOUND, CONFIG_INVALID */
export async function loadEdge(path: string): Promise<EdgeSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new StranglerError('CONFIG_NOT_FOUND', `${path} cannot be read`, {
      cause,
      remedy: 'Point FACADE_EDGE at a JSON file with the duties of the edge.',
    });
  }
  try {
    return JSON.parse(text) as EdgeSettings;
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `${path} is no JSON: ${String(cause)}`, {
      cause,
      remedy,
    });
  }
}
