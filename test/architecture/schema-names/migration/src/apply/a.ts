// strangler.streams may be named in a comment.
export const a = 'SELECT position FROM strangler.streams';
export const b = (table: string): string => `DELETE FROM strangler.${table}`;
