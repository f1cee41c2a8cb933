// Fields of a type as its sources declare it: path, type, what its comment says. Nothing is resolved but names of the given files, which is
// enough for types that are plain data.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// the compiler that api-extractor brings: this repository's own has no programming interface
const ts = createRequire(createRequire(import.meta.url).resolve('@microsoft/api-extractor'))(
  'typescript',
);

const commentOf = (node) =>
  (node.jsDoc ?? [])
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
/** Of one form of several: the comment that stands before its stroke. */
const leadingComment = (node) => {
  const source = node.getSourceFile().text;
  const before = source.slice(node.parent.pos, node.getStart());
  return (
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*\|?\s*$/
      .exec(before)?.[1]
      ?.replaceAll(/\s*\n\s*\*\s?|\s+/g, ' ')
      .trim() ?? ''
  );
};
const saidDefault = (text) => /\(default:? ([^;:)]+)/.exec(text)?.[1].trim() ?? '';
const sides = ['monolith', 'service'];

export function fieldsOf(files, root) {
  const declared = new Map();
  for (const file of files) {
    const source = ts.createSourceFile(
      file,
      readFileSync(file, 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    for (const statement of source.statements)
      if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
        declared.set(statement.name.text, statement);
  }
  const fields = [];
  const problems = [];

  /** A type as a reader of a table needs it: what has fields of its own has rows of its own. */
  const shown = (node) => {
    if (ts.isTypeOperatorNode(node) || ts.isParenthesizedTypeNode(node)) return shown(node.type);
    if (ts.isArrayTypeNode(node)) return `${shown(node.elementType)}[]`;
    if (ts.isTupleTypeNode(node)) return `${shown(node.elements[0])}[]`;
    if (ts.isTypeLiteralNode(node) || ts.isIntersectionTypeNode(node)) return 'object';
    if (ts.isUnionTypeNode(node)) return [...new Set(node.types.map(shown))].join(' | ');
    if (!ts.isTypeReferenceNode(node)) return node.getText();
    const name = node.typeName.getText();
    const [first, second] = node.typeArguments ?? [];
    if (name === 'Readonly' || name === 'Partial') return shown(first);
    if (name === 'Record')
      return first.getText() === 'Side'
        ? `{ monolith, service: ${shown(second)} }`
        : `{ name: ${shown(second)} }`;
    if (name === 'Setting') return "string | env('NAME')";
    if (name === 'HttpMethod') return 'HTTP method';
    const target = declared.get(name);
    return target && ts.isTypeAliasDeclaration(target) ? shown(target.type) : 'object';
  };

  /** Goes on into what has fields of its own. */
  const into = (node, path, { around = '', choice = false } = {}) => {
    if (ts.isTypeOperatorNode(node) || ts.isParenthesizedTypeNode(node))
      return into(node.type, path, { around, choice });
    if (ts.isArrayTypeNode(node)) return into(node.elementType, `${path}[]`);
    if (ts.isTupleTypeNode(node)) return into(node.elements[0], `${path}[]`);
    if (ts.isIntersectionTypeNode(node) || ts.isUnionTypeNode(node)) {
      const literals = node.types.filter((type) => ts.isTypeLiteralNode(type));
      const choice = ts.isUnionTypeNode(node) && literals.length > 1;
      for (const type of node.types)
        into(type, path, { around: leadingComment(type) || around, choice });
      return;
    }
    if (ts.isTypeLiteralNode(node)) return members(node.members, path, { around, choice });
    if (!ts.isTypeReferenceNode(node)) return;
    const name = node.typeName.getText();
    const [first, second] = node.typeArguments ?? [];
    if (name === 'Readonly' || name === 'Partial') return into(first, path);
    if (name === 'Record') {
      const keys = first.getText() === 'Side' ? sides : ['*'];
      for (const key of keys) {
        if (key !== '*')
          fields.push({
            ...{ path: `${path}.${key}`, type: shown(second), optional: true, said: '' },
            meaning: `Those of the ${key}.`,
          });
        into(second, `${path}.${key}`);
      }
      return;
    }
    const target = declared.get(name);
    // addresses and names of variables are values here, whatever their form
    if (target === undefined || name === 'Setting') return;
    if (ts.isInterfaceDeclaration(target))
      members(target.members, path, { around: commentOf(target) });
    else into(target.type, path, { around: commentOf(target) });
  };

  /** Its own comment, else that of its type, else that of the form that it is a part of. */
  const meaningOf = (member, around) => {
    const own = commentOf(member);
    if (own === '' && around === '' && sides.includes(member.name.getText()))
      return `That of the ${member.name.getText()}.`;
    if (own === '' && member.name.getText() === 'reason') return 'Why, for whoever reads the file.';
    const type = member.type
      .getText()
      .replace(/^readonly /, '')
      .replace(/\[\]$/, '');
    const alias = declared.get(type);
    return own || (alias ? commentOf(alias) : '') || around;
  };

  const members = (all, path, { around = '', choice = false } = {}) => {
    for (const member of all) {
      const name = member.name.getText();
      const at = path === '' ? name : `${path}.${name}`;
      const meaning = meaningOf(member, around);
      const found = {
        ...{ path: at, type: shown(member.type), optional: member.questionToken !== undefined },
        ...{ said: saidDefault(meaning), meaning, choice },
      };
      // one of several forms names it as well
      if (!fields.some((field) => field.path === at)) fields.push(found);
      into(member.type, at);
    }
  };

  const start = declared.get(root);
  if (start === undefined) problems.push(`${root} is not declared in ${files.join(', ')}`);
  else members(start.members, '');
  return { fields, problems };
}
