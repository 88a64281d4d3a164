// SPDX-License-Identifier: GPL-2.0-only
/** What a piece of code changes and looks at, itself and through all that it calls, as far as its text says. */
import {
  Node,
  SyntaxKind,
  type CallExpression,
  type NewExpression,
  type PropertyAccessExpression,
} from 'ts-morph';
import { assignedIn } from './names.ts';

/** Methods of the language's collections that look at them, and of its numbers. */
const LOOKING =
  /^(?:abs|at|ceil|concat|entries|every|filter|find|findIndex|findLast|flat|flatMap|floor|get|has|includes|indexOf|join|keys|log2|map|max|min|reduce|slice|some|startsWith|endsWith|subarray|toSorted|values|with)$/;
/** Those that change them. */
const CHANGING = /^(?:add|clear|copyWithin|delete|fill|pop|push|reverse|set|shift|sort|splice|unshift)$/;
const LANGUAGES_OWN = /^new (?:Set|Map|WeakMap|\w*Array|RangeError)\b/;
const COLLECTION = /^new (?:Set|Map|WeakMap|Uint8Array|Uint32Array|Int32Array|Float64Array)\b|^\[/;

export interface Effects {
  /** Names of the members that are given a value, whatever they are members of. */
  readonly written: ReadonlySet<string>;
  /** Names of the members that are looked at. */
  readonly read: ReadonlySet<string>;
  /** Kinds of the collections (kindOf()) in which something changes, and that were there before. */
  readonly changed: ReadonlySet<string>;
  /** Kinds of the collections that are looked into. */
  readonly lookedInto: ReadonlySet<string>;
  /** It may end in an exception of its own. */
  readonly throws: boolean;
}

/** The effects of a piece of code; undefined: it calls what nobody knows, or more than can be told from its text. */
export function effectsOf(node: Node): Effects | undefined {
  const found: Found = {
    written: new Set(),
    read: new Set(),
    changed: new Set(),
    lookedInto: new Set(),
    throws: false,
  };
  return add(node, found, new Set()) ? found : undefined;
}

interface Found extends Effects {
  readonly written: Set<string>;
  readonly read: Set<string>;
  readonly changed: Set<string>;
  readonly lookedInto: Set<string>;
  throws: boolean;
}

function add(node: Node, found: Found, known: Set<Node>): boolean {
  if (known.has(node)) return true;
  known.add(node);
  for (const place of assignedIn(node)) {
    if (Node.isPropertyAccessExpression(place)) {
      found.written.add(place.getName());
      if (OF_CONTENTS.has(place.getName())) found.changed.add(kindOf(place.getExpression()));
      if (namedIn(place).setters.has(place.getName())) return false;
    }
    if (Node.isElementAccessExpression(place)) {
      if (!isFresh(place.getExpression(), node)) found.changed.add(kindOf(place.getExpression()));
      // By anything but a number, a member can be meant.
      const type = place.getArgumentExpression()?.getType();
      if (type?.isNumber() !== true && type?.isNumberLiteral() !== true) return false;
    }
    const isMember = Node.isPropertyAccessExpression(place) || Node.isElementAccessExpression(place);
    if (Node.isIdentifier(place) ? isOthers(place, node) : !isMember) return false;
  }
  return [node, ...node.getDescendants()].every((one) => {
    for (const inside of lookedInto(one)) found.lookedInto.add(kindOf(inside));
    if (Node.isThrowStatement(one)) found.throws = true;
    if (Node.isCallExpression(one)) return addCall(one, node, found, known);
    if (Node.isNewExpression(one)) return LANGUAGES_OWN.test(one.getText()) || addMaker(one, found, known);
    if (Node.isPropertyAccessExpression(one)) return addRead(one, found, known);
    if (Node.isBindingElement(one)) found.read.add(one.getPropertyNameNode()?.getText() ?? one.getName());
    return !LEAVING.has(one.getKind());
  });
}

/** A variable of the file; or, where the code is a function, any that it does not declare itself. */
function isOthers(variable: Node, code: Node): boolean {
  const made = variable.getSymbol()?.getValueDeclaration();
  if (made === undefined) return true;
  if (Node.isFunctionLikeDeclaration(code)) return !made.getAncestors().includes(code);
  return made.getFirstAncestor((up) => Node.isFunctionLikeDeclaration(up)) === undefined;
}

const LEAVING: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.YieldExpression,
  SyntaxKind.AwaitExpression,
  SyntaxKind.DeleteExpression,
  SyntaxKind.TaggedTemplateExpression,
]);

/** What is looked into there: elements, how many there are, all of them. */
function lookedInto(node: Node): readonly Node[] {
  if (Node.isElementAccessExpression(node) || Node.isForOfStatement(node)) return [node.getExpression()];
  if (Node.isSpreadElement(node) || Node.isSpreadAssignment(node)) return [node.getExpression()];
  if (Node.isPropertyAccessExpression(node)) {
    return OF_CONTENTS.has(node.getName()) ? [node.getExpression()] : [];
  }
  if (Node.isTemplateSpan(node)) return [node.getExpression()];
  if (Node.isVariableDeclaration(node) && Node.isArrayBindingPattern(node.getNameNode())) return [node];
  if (!Node.isCallExpression(node)) return [];
  const callee = node.getExpression();
  return Node.isPropertyAccessExpression(callee)
    ? [callee.getExpression(), ...node.getArguments()]
    : node.getArguments();
}

/** What is in a collection changes without anybody giving these members a value. */
const OF_CONTENTS: ReadonlySet<string> = new Set(['length', 'size', 'byteLength']);

const PLAIN = 'plain';
const UNKNOWN = 'unknown';

/**
 * Which of the language's collections it is, and of which member it is the value: two of different types are never
 * one, and no two members hold the same. Of a number or text, `plain`.
 */
function kindOf(node: Node): string {
  const type = node.getType().getNonNullableType();
  const parts = type.isUnion() ? type.getUnionTypes() : [type];
  const isPlain = parts.every(
    (part) =>
      part.isNumber() || part.isString() || part.isBoolean() || part.isLiteral() || part.isUndefined(),
  );
  if (isPlain) return PLAIN;
  const name =
    type
      .getSymbol()
      ?.getName()
      .replace(/^Readonly/, '') ?? '';
  if (!KINDS.has(name)) return UNKNOWN;
  return Node.isPropertyAccessExpression(node) ? `${name} .${node.getName()}` : name;
}

const KINDS: ReadonlySet<string> = new Set(
  'Array Map Set WeakMap Uint8Array Uint32Array Int32Array Float64Array'.split(' '),
);

/** Something that is in a collection of one of these kinds may be in one of those. */
export function mayMeet(these: ReadonlySet<string>, those: ReadonlySet<string>): boolean {
  return [...these].some((one) => [...those].some((other) => mayBeOne(one, other)));
}

function mayBeOne(one: string, other: string): boolean {
  if (one === PLAIN || other === PLAIN) return false;
  if (one === UNKNOWN || other === UNKNOWN || one === other) return true;
  // Only of one that is no member's value nobody knows whose it is.
  const [type, member] = one.split(' ');
  const [otherType, otherMember] = other.split(' ');
  return type === otherType && (member === undefined || otherMember === undefined);
}

/** What a class of these sources, which extends no other, does to make an object. */
function addMaker(made: NewExpression, found: Found, known: Set<Node>): boolean {
  const symbol = made.getExpression().getSymbol();
  const [declared] = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  if (!Node.isClassDeclaration(declared) || declared.getExtends() !== undefined) return false;
  const values = declared.getProperties().flatMap((property) => property.getInitializer() ?? []);
  return [...values, ...declared.getConstructors()].every((part) => add(part, found, known));
}

/** A member is looked at; one that code answers for may be any getter of that name. */
function addRead(access: PropertyAccessExpression, found: Found, known: Set<Node>): boolean {
  const name = access.getName();
  found.read.add(name);
  return namedIn(access)
    .getters.filter((getter) => getter.name === name)
    .every(({ node }) => add(node, found, known));
}

function addCall(call: CallExpression, root: Node, found: Found, known: Set<Node>): boolean {
  const callee = call.getExpression();
  // One that is handed over by its name may be called; one that is written there stands in the code.
  const handed = call
    .getArguments()
    .filter((arg) => Node.isIdentifier(arg) || Node.isPropertyAccessExpression(arg));
  for (const arg of handed) {
    const bodies = bodiesOf(arg);
    if (bodies?.every((body) => add(body, found, known)) === false) return false;
  }
  const bodies = bodiesOf(callee);
  if (bodies !== undefined && bodies.length > 0) return bodies.every((body) => add(body, found, known));
  if (!Node.isPropertyAccessExpression(callee)) return false;
  const name = callee.getName();
  // Where the receiver's type is not known, it may be any class's method, too.
  if (!isCollection(callee.getExpression())) {
    const named = namedIn(call).methods.filter((method) => method.name === name);
    if (!named.every(({ node }) => add(node, found, known))) return false;
  }
  if (CHANGING.test(name) && !isFresh(callee.getExpression(), root)) {
    found.changed.add(kindOf(callee.getExpression()));
  }
  return CHANGING.test(name) || LOOKING.test(name);
}

/** What runs when it is called; none: it is no function of these sources, as far as one can see. */
function bodiesOf(callee: Node): Node[] | undefined {
  const name = Node.isPropertyAccessExpression(callee) ? callee.getNameNode() : callee;
  const symbol = name.getSymbol();
  const declared = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
  return declared.flatMap((made): Node[] => {
    if (Node.isFunctionDeclaration(made) || Node.isMethodDeclaration(made)) return [made];
    if (Node.isVariableDeclaration(made)) {
      const value = made.getInitializer();
      return Node.isArrowFunction(value) ? [value] : [];
    }
    if (!Node.isMethodSignature(made) && !Node.isPropertySignature(made)) return [];
    return namedIn(callee)
      .methods.filter((method) => method.name === made.getName() && mayBe(method.node, made))
      .map(({ node }) => node);
  });
}

/** An object of the method's class can stand where the interface is asked for. */
function mayBe(method: Node, signature: Node): boolean {
  const [made, wanted] = [method.getParentOrThrow(), signature.getParentOrThrow()];
  // One with parameters for types says itself what it is.
  const says = Node.isClassDeclaration(made) ? made.getImplements() : [];
  if (
    Node.isInterfaceDeclaration(wanted) &&
    says.some((one) => one.getExpression().getText() === wanted.getName())
  ) {
    return true;
  }
  const checker = method.getProject().getTypeChecker().compilerObject;
  return checker.isTypeAssignableTo(made.getType().compilerType, wanted.getType().compilerType);
}

/** Made by this code itself, and so nobody else's. */
function isFresh(collection: Node, code: Node): boolean {
  const made = Node.isIdentifier(collection) ? collection.getSymbol()?.getValueDeclaration() : undefined;
  if (!Node.isVariableDeclaration(made) || !made.getAncestors().includes(code)) return false;
  return COLLECTION.test(made.getInitializer()?.getText() ?? '');
}

/** A member that was made as one of the language's. */
function isCollection(receiver: Node): boolean {
  if (receiver.getText() === 'Math') return true;
  const name = Node.isPropertyAccessExpression(receiver) ? receiver.getNameNode() : receiver;
  const made = name.getSymbol()?.getValueDeclaration();
  const isVariable = Node.isVariableDeclaration(made) || Node.isPropertyDeclaration(made);
  return isVariable && COLLECTION.test(made.getInitializer()?.getText() ?? '');
}

interface Named {
  readonly name: string;
  readonly node: Node;
}
interface AllNamed {
  readonly methods: readonly Named[];
  readonly getters: readonly Named[];
  readonly setters: ReadonlySet<string>;
}
const all = new WeakMap<object, AllNamed>();

/** Every method, getter and setter of the sources that the node is of. */
function namedIn(node: Node): AllNamed {
  const project = node.getProject();
  const found = all.get(project);
  if (found !== undefined) return found;
  const nodes = project.getSourceFiles().flatMap((file) => file.getDescendants());
  const named = {
    methods: nodes
      .filter((one) => Node.isMethodDeclaration(one))
      .map((one) => ({ name: one.getName(), node: one })),
    getters: nodes
      .filter((one) => Node.isGetAccessorDeclaration(one))
      .map((one) => ({ name: one.getName(), node: one })),
    setters: new Set(nodes.filter((one) => Node.isSetAccessorDeclaration(one)).map((one) => one.getName())),
  };
  all.set(project, named);
  return named;
}
