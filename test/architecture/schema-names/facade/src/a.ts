export const a = 'SELECT owner FROM strangler_control.contexts';
