import { StranglerError } from '@strangler-toolkit/plan';
import { readEdgeFile } from '@strangler-toolkit/plan/load';
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
export const loadEdge = async (path: string): Promise<EdgeSettings> =>
  (await readEdgeFile(path)) as EdgeSettings;
