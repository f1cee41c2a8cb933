export interface CategoryFields {
  readonly slug?: string;
  readonly label?: string;
  readonly parentId?: string | null;
  readonly sortOrder?: number;
}

export type NewCategory = CategoryFields & { readonly slug: string; readonly label: string };

export interface CategoryRow {
  readonly id: string;
  readonly parentId: string | null;
  readonly slug: string;
  readonly label: string;
  readonly sortOrder: number;
}

export interface CategoryNode extends CategoryRow {
  readonly children: readonly CategoryNode[];
}

export interface Category extends CategoryRow {
  readonly path: readonly { readonly id: string; readonly slug: string; readonly label: string }[];
  readonly productCount: number;
}

/** Rows come sorted; each level keeps that order. A row whose parent is missing stands at the top. */
export function categoryTree(rows: readonly CategoryRow[]): readonly CategoryNode[] {
  const nodes = new Map(
    rows.map((row) => [row.id, { ...row, children: new Array<CategoryNode>() }]),
  );
  const roots: CategoryNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.parentId === null ? undefined : nodes.get(node.parentId);
    (parent?.children ?? roots).push(node);
  }
  return roots;
}
