// SPDX-License-Identifier: GPL-2.0-only
/** Which calls only compute: by the names of the functions, and by what the functions of those names do. */
import { Node, type CallExpression, type NewExpression, type SourceFile, SyntaxKind } from 'ts-morph';
import { writesOf } from './names.ts';

/** Of the language, and of its collections and numbers: they answer. */
const BUILT_IN =
  /^(?:abs|at|ceil|compare|concat|entries|every|filter|find|findIndex|findLast|findLastIndex|flat|flatMap|floor|from|fromEntries|get|has|includes|indexOf|isInteger|isSafeInteger|join|keys|log2|map|max|min|reduce|replaceAll|slice|some|startsWith|endsWith|split|subarray|toReversed|toSorted|toString|trim|values|with)$/;

/** Of the language's collections: they change them. */
const CHANGING = /^(?:add|clear|copyWithin|delete|fill|pop|push|reverse|set|shift|sort|splice|unshift)$/;

/** Functions and methods of some modules. */
export class Purity {
  readonly #bodies = new Map<string, Node[]>();
  readonly #known = new Map<string, boolean>();

  constructor(files: readonly SourceFile[]) {
    for (const node of files.flatMap((file) => file.getDescendants())) {
      const isNamed =
        Node.isFunctionDeclaration(node) || Node.isMethodDeclaration(node) || Node.isMethodSignature(node);
      const name = isNamed ? node.getName() : undefined;
      if (name === undefined) continue;
      this.#bodies.set(name, [...(this.#bodies.get(name) ?? []), node]);
    }
  }

  /** Whether a piece of code calls nothing that does more than compute. */
  of(node: Node): boolean {
    return [node, ...node.getDescendants()].every((one) => {
      if (Node.isNewExpression(one)) return this.#isNewPlain(one);
      if (Node.isYieldExpression(one) || Node.isAwaitExpression(one)) return false;
      return !Node.isCallExpression(one) || this.#isPureCall(one);
    });
  }

  /** Whether it calls a function of these modules that looks at a member of anything, itself or through others. */
  looksAtMembers(node: Node): boolean {
    return this.#looksAtMembers(node, new Set());
  }

  #looksAtMembers(node: Node, known: Set<string>): boolean {
    const calls = [node, ...node.getDescendants()].filter((one) => Node.isCallExpression(one));
    return calls.some((call) => {
      const name = nameOf(call);
      if (known.has(name)) return false;
      known.add(name);
      return (this.#bodies.get(name) ?? []).some(
        (body) => readsMembers(body) || this.#looksAtMembers(body, known),
      );
    });
  }

  #isPureCall(call: CallExpression): boolean {
    const name = nameOf(call);
    if (CHANGING.test(name)) return false;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const bodies = this.#bodies.get(name) ?? [];
    // One that calls itself is as pure as the rest of it.
    this.#known.set(name, true);
    const isPure = bodies.length === 0 ? BUILT_IN.test(name) : bodies.every((body) => this.#isPureBody(body));
    this.#known.set(name, isPure);
    return isPure;
  }

  /** It gives nothing a value but its own variables. */
  #isPureBody(body: Node): boolean {
    if (Node.isMethodSignature(body)) return false;
    if (body.getDescendantsOfKind(SyntaxKind.ThrowStatement).length > 0) return false;
    return writesOf(body).every((place) => Node.isIdentifier(place)) && this.of(body);
  }

  /** Collections of the language, without anything in them that acts. */
  #isNewPlain(made: NewExpression): boolean {
    return /^(?:Set|Map|ByteSet|Uint8Array|Uint32Array|Float64Array)$/.test(made.getExpression().getText());
  }
}

function nameOf(call: CallExpression): string {
  const callee = call.getExpression();
  return Node.isPropertyAccessExpression(callee) ? callee.getName() : callee.getText();
}

function readsMembers(body: Node): boolean {
  return body
    .getDescendants()
    .some(
      (one) =>
        Node.isPropertyAccessExpression(one) ||
        Node.isElementAccessExpression(one) ||
        Node.isBindingElement(one) ||
        Node.isForOfStatement(one) ||
        Node.isSpreadElement(one),
    );
}
