// SPDX-License-Identifier: GPL-2.0-only
/** What the keys of a finding do. */
import type { PageFinding } from '../page-data.ts';
import { copyText } from './copy.ts';
import type { Model } from './model.ts';
import { findingHash } from './route.ts';

/** The row, or the nearest that there is. */
export function within(row: number, { shown }: Model): number {
  return Math.max(0, Math.min(shown.rows.length - 1, row));
}

/** The next row in that direction where the sides differ or the clause breaks; the same row where there is none. */
export function nextDifference({ differing, finding }: Model, row: number, direction: 1 | -1): number {
  const rows = [...new Set([...differing, finding.row])].toSorted((a, b) => a - b);
  return (direction > 0 ? rows.find((one) => one > row) : rows.findLast((one) => one < row)) ?? row;
}

interface Keyboard {
  readonly model: Model;
  readonly listed: readonly PageFinding[];
  readonly raw: boolean;
  readonly setRaw: (raw: boolean) => void;
  readonly back: () => void;
  readonly go: (row: (before: number) => number) => void;
}

/** Does what the key stands for; false: nothing. */
export function onKey(event: KeyboardEvent, { model, listed, raw, setRaw, back, go }: Keyboard): boolean {
  const { target, key } = event;
  const isTyping = target instanceof Element && target.matches('select, input, textarea');
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping || event.defaultPrevented) return false;
  const { finding, shown } = model;
  const to = (change: (row: number) => number): true => {
    go((row) => within(change(row), model));
    return true;
  };
  const neighbour = (step: number): true => {
    const next = listed[listed.indexOf(finding) + step];
    if (next !== undefined) location.hash = findingHash(next.id);
    return true;
  };
  switch (key) {
    case 'j':
    case 'ArrowRight':
      return to((row) => row + 1);
    case 'k':
    case 'ArrowLeft':
      return to((row) => row - 1);
    case 'ArrowDown':
      return target instanceof Element && target.id === 'trace' && to((row) => row + 1);
    case 'ArrowUp':
      return target instanceof Element && target.id === 'trace' && to((row) => row - 1);
    case 'n':
      return to((row) => nextDifference(model, row, 1));
    case 'p':
      return to((row) => nextDifference(model, row, -1));
    case 'b':
      return to(() => finding.row);
    case 'Home':
      return to(() => 0);
    case 'End':
      return to(() => shown.rows.length);
    case ']':
      return neighbour(1);
    case '[':
      return neighbour(-1);
    case 'a':
      setRaw(!raw);
      return true;
    case 'c':
      void copyText(finding.reply.join('\n'), document.querySelector<HTMLElement>('#copy-reply'));
      return true;
    case 'Escape':
      back();
      return true;
    default:
      return false;
  }
}
