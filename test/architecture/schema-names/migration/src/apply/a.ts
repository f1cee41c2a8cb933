// strangler.streams may be named in a comment.
export const a = 'SELECT position FROM strangler.streams';
