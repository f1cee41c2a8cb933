/** Somebody asked for a pause: what is there stays, and can be gone on from. */
export class CopyPaused extends Error {}

/** What an earlier attempt left cannot be gone on from; the message says why. */
export class CannotResume extends Error {}
