// SPDX-License-Identifier: GPL-2.0-only
/** Runs programs one after the other and keeps a shrunk one for each mechanism. */
import type { Expectation } from '../compare/expectations.ts';
import { mechanismId, type Shown } from './mechanism.ts';
import { expectedAs } from './probe.ts';
import { newTo, type Hit, type Probed, type ShrunkProgram } from './prober.ts';
import type { Program } from './program.ts';
import type { Workers } from './workers.ts';

/** A mechanism, and the smallest program that shows it. */
export interface ExploredFinding {
  /** Of the mechanism: what --finding takes. */
  readonly id: string;
  readonly shown: Shown;
  /** Number of the program that showed it first. */
  readonly index: number;
  /** Steps of that program. */
  readonly steps: number;
  readonly program: Program;
  /** Programs that shrinking tried. */
  readonly tries: number;
  /** What the same shrunk program shows as well; no findings of their own. */
  readonly also: readonly Shown[];
}

/** An accepted outcome that came up. */
export interface ExpectedFinding {
  readonly entry: Expectation;
  readonly shown: Shown;
  /** Number of the program that showed it first. */
  readonly index: number;
}

/** Programs in one piece of work. */
export const PIECE = 64;
/** Programs that are made of the same ones: whole pieces. */
const GENERATION = 8 * PIECE;
/** Pieces asked for ahead of the one that is looked at, for each of several workers. */
const AHEAD = 16;

/** What a search is after. */
export interface SearchOptions {
  /** Accepted outcomes: listed, and no findings. */
  readonly expectations?: readonly Expectation[];
  /** Id of the one mechanism to look for. */
  readonly only?: string | undefined;
  /** What is one finding, of the key of a mechanism: the mechanism itself, if not given. */
  readonly findingOf?: (key: string) => string;
  /** Findings that are known already. */
  readonly known?: Iterable<string>;
  /** Later programs are made of what earlier ones have shown. */
  readonly learns?: boolean;
}

/**
 * A search, and what has come of it so far. The pieces are looked at in the order of their programs,
 * so who did them, and when, makes no difference.
 */
export class Search {
  /** In the order in which they were found. */
  readonly findings: ExploredFinding[] = [];
  readonly expected: ExpectedFinding[] = [];
  /** Ids of mechanisms that came up and were not looked for. */
  readonly others = new Set<string>();
  /** Programs run. */
  programs = 0;
  /** Numbers of those among them that say nothing: some run takes more than one may. */
  readonly tooMuch: number[] = [];
  private readonly workers: Workers;
  private readonly expectations: readonly Expectation[];
  private readonly only: string | undefined;
  private readonly findingOf: (key: string) => string;
  /** Findings. */
  private readonly seen: Set<string>;
  private readonly learns: boolean;
  /** What programs have shown, in what ways they ran, and those of this generation that were the first. */
  private readonly shown = new Set<string>();
  private readonly ways = new Set<number>();
  private telling: Program[] = [];
  private unlike: Program[] = [];

  constructor(workers: Workers, options: SearchOptions = {}) {
    this.workers = workers;
    this.expectations = options.expectations ?? [];
    this.only = options.only;
    this.findingOf = options.findingOf ?? ((key) => key);
    this.seen = new Set(options.known);
    this.learns = options.learns ?? false;
  }

  /** Runs programs [first, end): a piece, and more as long as `goOn` says so. What nobody has looked at by then does not count. */
  async run(first: number, end: number, goOn: () => boolean = () => true): Promise<void> {
    if (!this.learns) {
      await this.generation(first, end, goOn);
      return;
    }
    // What a later program is made of, the programs before it have shown.
    const begin = first - (first % GENERATION);
    for (let at = 0; at < begin; at += GENERATION) await this.learnFrom(at, at + GENERATION);
    for (let at = first; at < end;) {
      const next = Math.min(at - (at % GENERATION) + GENERATION, end);
      if (!(await this.generation(at, next, goOn))) return;
      at = next;
    }
  }

  /** Runs programs [first, end) for what can be learned from them alone. */
  private async learnFrom(first: number, end: number): Promise<void> {
    const pieces: Promise<Probed>[] = [];
    for (let at = first; at < end; at += PIECE) {
      const piece = this.workers.probe(at, at + PIECE);
      piece.catch(() => undefined);
      pieces.push(piece);
    }
    for (const piece of pieces) this.note(await piece);
    await this.passOn();
  }

  /** Programs [first, end), which depend on none of each other; whether all of them were run. */
  private async generation(first: number, end: number, goOn: () => boolean): Promise<boolean> {
    const { workers } = this;
    const ahead = workers.count === 1 ? 1 : workers.count * AHEAD;
    const pieces: { readonly size: number; readonly probed: Promise<Probed> }[] = [];
    let next = first;
    for (;;) {
      while (next < end && pieces.length < ahead) {
        const to = Math.min(next + PIECE, end);
        const probed = workers.probe(next, to);
        // Each is waited for in its turn; until then, its failure is nobody's surprise.
        probed.catch(() => undefined);
        pieces.push({ size: to - next, probed });
        next = to;
      }
      const piece = pieces.shift();
      if (piece === undefined) break;
      if (this.programs > 0 && !goOn()) return false;
      const probed = await piece.probed;
      this.note(probed);
      this.tooMuch.push(...probed.tooMuch);
      await this.take(probed.hits);
      this.programs += piece.size;
    }
    if (this.learns && end % GENERATION === 0) await this.passOn();
    return true;
  }

  /** Keeps the programs that show something, or ran in some way, that none before them did. */
  private note({ novel }: Probed): void {
    for (const { program, shown, ways } of novel) {
      const isUnlike = newTo(this.ways, ways).length > 0;
      if (newTo(this.shown, shown).length > 0) this.telling.push(program);
      else if (isUnlike) this.unlike.push(program);
    }
  }

  /** The next generation may be made of what was kept of this one. */
  private async passOn(): Promise<void> {
    const { telling, unlike } = this;
    [this.telling, this.unlike] = [[], []];
    await this.workers.learn({ telling, unlike });
  }

  /** Looks at what a piece has shown; as many findings are shrunk at a time as there are workers. */
  private async take(hits: readonly Hit[]): Promise<void> {
    const wanted = hits.filter((hit) => this.isNews(hit));
    const begun: (Promise<ShrunkProgram> | undefined)[] = [];
    for (const [at, hit] of wanted.entries()) {
      while (begun.length < wanted.length && begun.length < at + this.workers.count) {
        begun.push(this.begin(wanted[begun.length]));
      }
      const shrunk = begun[at];
      // Meanwhile a smaller finding may have shown the same.
      if (shrunk === undefined || this.isTold(hit.shown)) continue;
      this.see(hit.shown.key);
      this.add(hit, await shrunk);
    }
  }

  private begin(hit: Hit | undefined): Promise<ShrunkProgram> | undefined {
    if (hit === undefined || this.isTold(hit.shown)) return undefined;
    const shrunk = this.workers.shrink(hit.index, hit.shown.key);
    shrunk.catch(() => undefined);
    return shrunk;
  }

  /** Nobody has seen it, it is looked for, and it is not accepted anyway. */
  private isNews({ shown, index }: Hit): boolean {
    const { key } = shown;
    if (this.isTold(shown)) return false;
    if (this.only !== undefined && mechanismId(key) !== this.only) {
      this.others.add(mechanismId(key));
      return false;
    }
    const entry = expectedAs(this.expectations, shown);
    if (entry === undefined) return true;
    this.see(key);
    this.expected.push({ entry, shown, index });
    return false;
  }

  private add({ shown, index, steps }: Hit, { program, tries, also }: ShrunkProgram): void {
    // What this program shows anyway needs no program of its own.
    for (const other of also) this.see(other.key);
    this.dropUncertain([shown.key, ...also.map(({ key }) => key)]);
    const text = JSON.stringify(program);
    if (this.findings.some((finding) => JSON.stringify(finding.program) === text)) return;
    this.findings.push({ id: mechanismId(shown.key), shown, index, steps, program, tries, also });
  }

  /** Nor does it say more that in some programs a mechanism depends on the layout. */
  private isTold({ key, elsewhere = [] }: Shown): boolean {
    return [key, ...elsewhere].some((known) => this.isSeen(known));
  }

  private isSeen(key: string): boolean {
    return this.seen.has(this.findingOf(key));
  }

  private see(key: string): void {
    this.seen.add(this.findingOf(key));
  }

  /** A mechanism that depends on the layout in one program is told only until one shows it in every layout. */
  private dropUncertain(keys: readonly string[]): void {
    const found = new Set(keys.map(this.findingOf));
    const certain = this.findings.filter(
      ({ shown: { elsewhere = [] } }) => !elsewhere.some((key) => found.has(this.findingOf(key))),
    );
    this.findings.splice(0, Infinity, ...certain);
  }
}
