// SPDX-License-Identifier: GPL-2.0-only
/** A program as a scenario file of the corpus. */
import { stringify } from 'yaml';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS, type DeviceConfig } from '../machine/config.ts';
import { hex } from '../machine/u64.ts';
import { ATTR_BITS, DIRECTION_NAMES, type Attrs } from '../machine/vocabulary.ts';
import type { AccessStep, BufferRange, During, Step } from '../run/scenario.ts';
import {
  bufferName,
  deviceName,
  mappedSize,
  mappingName,
  mapStepOf,
  rangesOf,
  type Program,
  type Telling,
} from './program.ts';

const FIRST_LINES = [
  '# SPDX-License-Identifier: GPL-2.0-only',
  '# yaml-language-server: $schema=../scenario.schema.json',
];
const MASKS: ReadonlySet<string> = new Set(['minAlignMask', 'dmaMask', 'segBoundary']);
const WIDTH = 100;

/** Text that loads as the same scenario that toScenario() makes, but for line numbers. */
export function toYaml(program: Program, telling: Telling): string {
  const { name, why, refs = [] } = telling;
  const { devices, ...machine } = program.machine;
  const settings = changed(machine, MACHINE_DEFAULTS);
  const [device] = devices;
  const several = devices.length > 1;
  return [
    ...FIRST_LINES,
    stringify({ name, why }, { lineWidth: WIDTH, singleQuote: true }).trimEnd(),
    ...(refs.length === 0
      ? []
      : [`refs: [${refs.map((ref) => `'${ref.replaceAll("'", "''")}'`).join(', ')}]`]),
    ...(settings === '' ? [] : [`machine: { ${settings} }`]),
    ...(several || device === undefined ? [] : deviceLine('device', device)),
    ...(several
      ? [
          'devices:',
          ...devices.map(
            (each, i) => `  ${deviceName(program, i)}: ${inBraces(changed(each, DEVICE_DEFAULTS))}`,
          ),
        ]
      : []),
    ...(program.buffers.length === 0 ? [] : ['buffers:']),
    ...program.buffers.map(
      ({ size, offset }, i) =>
        `  ${bufferName(i)}: { size: ${size}${offset === 0 ? '' : `, offset: ${hex(offset)}`} }`,
    ),
    'steps:',
    ...program.steps.map((step) => `  - ${stepText(program, step)}`),
    '',
  ].join('\n');
}

function deviceLine(key: string, config: DeviceConfig): string[] {
  const settings = changed(config, DEVICE_DEFAULTS);
  return settings === '' ? [] : [`${key}: { ${settings} }`];
}

function inBraces(text: string): string {
  return text === '' ? '{}' : `{ ${text} }`;
}

/** Settings that are not the default. */
function changed<T extends object>(config: T, defaults: T): string {
  const usual = new Map<string, unknown>(Object.entries(defaults));
  return Object.entries(config)
    .filter(([key, value]) => value !== usual.get(key))
    .map(
      ([key, value]) =>
        `${key}: ${MASKS.has(key) && typeof value === 'number' ? mask(value) : String(value)}`,
    )
    .join(', ');
}

/** 0xfff in hex; small masks and 0 as they are. */
function mask(value: number): string {
  if (value < 0) return `'${hex(value)}'`;
  return value > 9999 ? hex(value) : String(value);
}

function stepText(program: Program, step: Step): string {
  const several = program.machine.devices.length > 1;
  const device = (index: number): string[] => (several ? [`device: ${deviceName(program, index)}`] : []);
  switch (step.op) {
    case 'cpu_read':
    case 'cpu_write':
    case 'device_read':
    case 'device_write':
      return accessText(program, step);
    case 'fail_next':
      return several
        ? `fail_next: { what: ${step.what}, device: ${deviceName(program, step.device)} }`
        : `fail_next: ${step.what}`;
    case 'dma_max_mapping_size':
      return `dma_max_mapping_size: { device: ${deviceName(program, step.device)} }`;
    case 'flush_queue':
      return several ? `flush_queue: ${deviceName(program, step.device)}` : 'flush_queue';
    case 'map_page':
    case 'map_sg': {
      const sgl = rangesOf(step);
      const what =
        step.op === 'map_sg'
          ? [`sgl: [${sgl.map((range) => rangeText(program, range)).join(', ')}]`]
          : sgl.flatMap((range) => rangeFields(program, range));
      const fields = [`id: ${mappingName(step.map)}`, ...device(step.device), ...what];
      const rest = [
        `dir: ${DIRECTION_NAMES[step.dir]}`,
        ...attrs(step.attrs),
        ...during(program, step.during),
      ];
      return `${step.op}: { ${[...fields, ...rest].join(', ')} }`;
    }
    case 'unmap_page':
    case 'unmap_sg':
      return mapped(step.op, step.map, [...attrs(step.attrs), ...during(program, step.during)]);
    case 'sync_sg_for_cpu':
    case 'sync_sg_for_device':
      return mapped(step.op, step.map, during(program, step.during));
    case 'sync_single_for_cpu':
    case 'sync_single_for_device':
      return mapped(step.op, step.map, [...part(program, step), ...during(program, step.during)]);
  }
}

function mapped(op: string, map: number, fields: readonly string[]): string {
  const id = mappingName(map);
  return fields.length === 0 ? `${op}: ${id}` : `${op}: { ${[`id: ${id}`, ...fields].join(', ')} }`;
}

function accessText(program: Program, step: AccessStep): string {
  if (!('map' in step)) return `${step.op}: ${rangeText(program, step)}`;
  const { op, map, segment } = step;
  const fields = segment === undefined ? part(program, step) : [`segment: ${segment}`, ...exact(step)];
  return mapped(op, map, fields);
}

function rangeText(program: Program, range: BufferRange): string {
  const fields = rangeFields(program, range);
  return fields.length === 1 ? bufferName(range.buffer) : `{ ${fields.join(', ')} }`;
}

function rangeFields({ buffers }: Program, range: BufferRange): string[] {
  const { buffer, offset, size } = range;
  const whole = offset === 0 && size === buffers[buffer]?.size;
  return [`buffer: ${bufferName(buffer)}`, ...(whole ? [] : exact(range))];
}

/** Bytes of a mapping, unless they are all of it. */
function part(program: Program, span: { map: number; offset: number; size: number }): string[] {
  const step = mapStepOf(program, span.map);
  const whole = span.offset === 0 && step !== undefined && span.size === mappedSize(step);
  return whole ? [] : exact(span);
}

function exact({ offset, size }: { offset: number; size: number }): string[] {
  return [`offset: ${offset}`, `size: ${size}`];
}

function attrs(bits: Attrs): string[] {
  const names = Object.entries(ATTR_BITS).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name]));
  if (names.length === 0) return [];
  return [`attrs: ${names.length === 1 ? names.join('') : `[${names.join(', ')}]`}`];
}

function during(program: Program, points: readonly During[]): string[] {
  if (points.length === 0) return [];
  const texts = points.map(({ after, nth, steps }) => {
    const inside = steps.map((step) => `{ ${accessText(program, step)} }`).join(', ');
    return `{ after: ${after}, ${nth === 1 ? '' : `nth: ${nth}, `}steps: [${inside}] }`;
  });
  return [`during: [${texts.join(', ')}]`];
}
