/** A mutant for people: where, and the code as it was and as it is. */
export function inWords({ file, line, from, to, code, why, status, unasked }) {
  const lines = (text, sign) => text.split('\n').map((each) => `  ${sign} ${each.trim()}`);
  const short = [...lines(from, '-').slice(0, 8), ...lines(to, '+').slice(0, 8)];
  return [
    `${status ?? 'mutant'}: ${file}:${line}${why ? ` (${why})` : ''}`,
    ...(unasked ? ['    no suite of the room comes near: name one in rooms.mjs'] : []),
    `    ${code}`,
    ...short,
  ].join('\n');
}

const count = (results, ...statuses) =>
  results.filter(({ status }) => statuses.includes(status)).length;

/** Equivalents count neither way; a mutant that hangs or ends the process was noticed. */
export function scoreOf(results) {
  const survived = count(results, 'survived');
  const noticed = count(results, 'killed', 'timeout', 'crashed');
  const asked = survived + noticed;
  return {
    mutants: results.length,
    noticed,
    survived,
    equivalent: count(results, 'equivalent'),
    timeouts: count(results, 'timeout'),
    percent: asked === 0 ? 100 : Math.floor((noticed * 1000) / asked) / 10,
  };
}

export const scoreInWords = (room, results) => {
  const { percent, noticed, survived, equivalent, timeouts } = scoreOf(results);
  if (noticed + survived === 0) return `${room}: none was asked`;
  return `${room}: ${percent} % (${noticed} of ${noticed + survived} noticed, ${timeouts} by hanging; ${equivalent} equivalent)`;
};
