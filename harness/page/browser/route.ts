// SPDX-License-Identifier: GPL-2.0-only
/** What an address shows: `#report?kind=…`, `#finding=ID&step=11&at=v3:0x1001000`, `#matrix`. */
import { PAGE_KINDS, type PageKind } from '../kinds.ts';

/** Which findings are listed. */
export interface Filter {
  readonly kinds: readonly PageKind[];
  /** Empty: all. */
  readonly clause: string;
  /** Empty: all. */
  readonly patch: string;
}

export type Route =
  | { readonly view: 'report'; readonly filter: Filter }
  | {
      readonly view: 'finding';
      readonly id: string;
      /** Row of the traces, from 1; undefined: where it breaks. */
      readonly step: number | undefined;
      /** The state and the address of a stretch of memory. */
      readonly at: { readonly state: string; readonly phys: number } | undefined;
    }
  | { readonly view: 'matrix' };

/** Everything but what the root breaks as well. */
export const DEFAULT_FILTER: Filter = {
  kinds: PAGE_KINDS.filter((kind) => kind !== 'inherited'),
  clause: '',
  patch: '',
};

/** What a hash shows; the report for one that says nothing. */
export function routeOf(hash: string): Route {
  const [head = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  if (head === 'matrix') return { view: 'matrix' };
  if (head.startsWith('finding=')) return findingRoute(new URLSearchParams(head));
  const parameters = new URLSearchParams(query);
  const named = parameters.get('kind')?.split(',');
  const kinds =
    named === undefined ? DEFAULT_FILTER.kinds : PAGE_KINDS.filter((kind) => named.includes(kind));
  const filter = { kinds, clause: parameters.get('clause') ?? '', patch: parameters.get('patch') ?? '' };
  return { view: 'report', filter };
}

function findingRoute(parameters: URLSearchParams): Route {
  const step = Number(parameters.get('step') ?? 'none');
  const [, state, phys] = /^(.*):(0x[0-9a-f]+)$/.exec(parameters.get('at') ?? '') ?? [];
  return {
    view: 'finding',
    id: parameters.get('finding') ?? '',
    step: Number.isInteger(step) && step > 0 ? step : undefined,
    at: state === undefined ? undefined : { state, phys: Number(phys) },
  };
}

export function reportHash({ kinds, clause, patch }: Filter): string {
  const isDefault = kinds.length === DEFAULT_FILTER.kinds.length && !kinds.includes('inherited');
  const parts = [
    ...(isDefault ? [] : [`kind=${PAGE_KINDS.filter((kind) => kinds.includes(kind)).join(',')}`]),
    ...(clause === '' ? [] : [`clause=${encodeURIComponent(clause)}`]),
    ...(patch === '' ? [] : [`patch=${encodeURIComponent(patch)}`]),
  ];
  return parts.length === 0 ? '#report' : `#report?${parts.join('&')}`;
}

/** `step`: from 1; without: where it breaks. */
export function findingHash(id: string, step?: number, at?: { state: string; phys: number }): string {
  const where = step === undefined ? '' : `&step=${step}`;
  const place = at === undefined ? '' : `&at=${encodeURIComponent(at.state)}:0x${at.phys.toString(16)}`;
  return `#finding=${encodeURIComponent(id)}${where}${place}`;
}
