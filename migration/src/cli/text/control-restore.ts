import type { ControlRestoreResult } from '../../steps/control-restore.ts';

export const controlRestoreText = ({ context, restored, before }: ControlRestoreResult): string =>
  restored === null
    ? `${context}: the control database knows all that the data databases know: ${before.owner}, epoch ${before.epoch}`
    : `${context}: owner ${before.owner}, epoch ${before.epoch} → ${restored.owner}, epoch ${restored.epoch} ` +
      `(stage ${restored.stage}). Evidence gathered since is gone: gates ask for it again.`;
