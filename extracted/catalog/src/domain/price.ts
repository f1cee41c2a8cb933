/** Whether two decimal amounts differ by value: '5' and '5.00' are one price, as the database sees it. */
export const samePrice = (left: string, right: string): boolean => normal(left) === normal(right);

const normal = (amount: string): string => {
  const [whole = '0', fraction = ''] = amount.split('.');
  return `${BigInt(whole)}.${fraction.padEnd(2, '0')}`;
};
