// SPDX-License-Identifier: GPL-2.0-only
/** States of a kernel tree by expression: posted patches added, as a whole or by hunk, or left out. */
import { partsOf, withParts } from '../posted/parts.ts';
import { ExpressionError, parseExpression, short, type Term } from '../subject/expression.ts';
import type { State } from '../subject/state.ts';
import { UserError } from '../text/user-error.ts';
import type { Family, Piece } from './family.ts';

/** The states of a family that are given as expressions. */
export class CExpressions {
  private readonly family: Family;
  private readonly known = new Map<string, State>();

  constructor(family: Family) {
    this.family = family;
  }

  /** What can be named without an expression, the tree's own state first. */
  states(): readonly State[] {
    return this.family.states();
  }

  /** The state; undefined when the text begins with none of the family. ExpressionError when it is none. */
  state(text: string): State | undefined {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const byName = new Map(
      this.family
        .states()
        .flatMap((state) => [[state.id, state] as const, [state.alias ?? state.id, state] as const]),
    );
    const parsed = parseExpression(text, [...byName.keys()], [...this.family.patches().keys()]);
    if (parsed === undefined) return byName.get(text);
    const head = byName.get(parsed.head);
    if (head === undefined) return undefined;
    let state: State = head;
    for (const term of parsed.terms) state = this.applied(state, term);
    this.known.set(text, state);
    return state;
  }

  private applied(state: State, term: Term): State {
    const { sign, patch, only } = term;
    const numbers = this.numbersOf(patch, only);
    const name = only === undefined ? patch : `${patch}:${numbers.join(',')}`;
    const id = `${state.id}${sign}${name}`;
    if (sign === '+') return this.added(id, state, patch, numbers);
    return this.left(id, state, patch, { numbers, isWhole: only === undefined });
  }

  /** The parts that a term means. */
  private numbersOf(patch: string, only: readonly string[] | undefined): readonly number[] {
    const whole = this.whole(patch);
    const parts = partsOf(whole.mail);
    const unknown = only?.find((text) => !parts.some(({ number }) => String(number) === text));
    if (unknown === undefined) {
      return whole.numbers.filter((number) => only?.includes(String(number)) ?? true);
    }
    const has = parts.length === 1 ? 'hunk 1' : `hunks 1 to ${parts.length}`;
    throw new ExpressionError(
      `${patch} has no hunk ${short(unknown)}; it has ${has} (source ${patch} --hunks lists them)`,
    );
  }

  private whole(patch: string): Piece {
    const whole = this.family.patches().get(patch);
    if (whole === undefined) throw new ExpressionError(`no patch ${short(patch)}`);
    return whole;
  }

  private added(id: string, state: State, patch: string, numbers: readonly number[]): State {
    const has = this.family.piecesOf(state).filter((piece) => piece.patch === patch);
    const twice = numbers.find((number) => has.some((piece) => piece.numbers.includes(number)));
    if (twice !== undefined) {
      const isWhole = has.some((piece) => piece.numbers.length === this.whole(patch).numbers.length);
      const what = isWhole ? patch : `hunk ${twice} of ${patch}`;
      throw new ExpressionError(`${short(state.id)} has ${what} already`);
    }
    return this.stacked(id, state, this.pieceOf(patch, numbers));
  }

  /** Without these parts: the mails are applied again, those that came later on what is then there. */
  private left(
    id: string,
    state: State,
    patch: string,
    { numbers, isWhole }: { numbers: readonly number[]; isWhole: boolean },
  ): State {
    const { family } = this;
    const old = family.piecesOf(state);
    const own = old.filter((piece) => piece.patch === patch);
    const missing = numbers.find((number) => !own.some((piece) => piece.numbers.includes(number)));
    if (own.length === 0 || (missing !== undefined && !isWhole)) {
      const has = old.map(({ link }) => link.id).join(', ');
      const what = own.length === 0 ? `patch ${patch}` : `hunk ${missing} of ${patch}`;
      throw new ExpressionError(
        `${short(state.id)} has no ${what} to leave out; it has ${has === '' ? 'none' : has}`,
      );
    }
    const first = old.findIndex(
      (piece) => piece.patch === patch && piece.numbers.some((number) => numbers.includes(number)),
    );
    const rest = old.slice(first).flatMap((piece): Piece[] => {
      if (piece.patch !== patch) return [piece];
      const kept = piece.numbers.filter((number) => !numbers.includes(number));
      return kept.length === 0 ? [] : [this.pieceOf(patch, kept)];
    });
    let below: State = state;
    for (let left = old.length - first; left > 0; left--) below = below.below ?? below;
    const last = old[first - 1];
    if (rest.length === 0) {
      // Nothing stands on it: what is left has a name already, and still goes by the one that was asked for.
      return last === undefined ? below : this.stacked(id, below.below ?? below, last);
    }
    return rest.reduce(
      (on: State, piece, i) =>
        this.stacked(i + 1 === rest.length ? id : `${on.id}+${piece.link.id}`, on, piece),
      below,
    );
  }

  private stacked(id: string, on: State, piece: Piece): State {
    try {
      return this.family.stacked(id, on, piece);
    } catch (error) {
      if (error instanceof UserError) throw new ExpressionError(error.message);
      throw error;
    }
  }

  /** The patch, or some parts of it. */
  private pieceOf(patch: string, numbers: readonly number[]): Piece {
    const whole = this.whole(patch);
    if (numbers.length === whole.numbers.length) return whole;
    const { link, mail } = whole;
    const list = numbers.join(', ');
    const only = `only hunk${numbers.length === 1 ? '' : 's'} ${list}`;
    return {
      link: {
        ...link,
        id: `${patch}:${numbers.join(',')}`,
        subject: `${link.subject} (${only})`,
        claims: [],
      },
      mail: withParts(mail, numbers),
      patch,
      numbers,
    };
  }
}
