import type { RowCondition } from './table-mapping.ts';

/** Whether no row meets both conditions, because one column tells them apart. */
export const apart = (one: RowCondition = {}, other: RowCondition = {}): boolean =>
  Object.entries(one).some(([column, values]) => {
    const others = other[column];
    return others !== undefined && disjoint(values, others);
  });

const disjoint = (one: RowCondition[string], other: RowCondition[string]): boolean =>
  one === null || other === null
    ? one !== other
    : [one].flat().every((text) => ![other].flat().includes(text));
