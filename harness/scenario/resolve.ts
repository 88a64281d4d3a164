// SPDX-License-Identifier: GPL-2.0-only
/** From one case of a scenario file to the Scenario that runs. */
import type { DeviceConfig, MachineConfig } from '../machine/config.ts';
import { DEVICE_DEFAULTS, MACHINE_DEFAULTS } from '../machine/config.ts';
import { caseSuffix } from './dimensions.ts';
import type { Bindings } from './placeholders.ts';
import type { StepTemplate } from './repeats.ts';
import { unroll } from './repeats.ts';
import { placeBuffers } from './resolve-memory.ts';
import { StepResolver } from './resolve-steps.ts';
import type { Scenario } from '../run/scenario.ts';
import { maskValue } from './schema-kit.ts';
import type { RawHeader } from './schema.ts';
import { Site } from './site.ts';
import type { YamlSource } from '../text/yaml-source.ts';
import type { Template } from './template.ts';

type RawDevice = NonNullable<RawHeader['device']>;
type MaskName = 'minAlignMask' | 'dmaMask' | 'segBoundary';
/** Name of the device when the file has `device` or none. */
const ONLY_DEVICE = 'dev';

/** A file whose template fits the schema. */
export interface ScenarioTemplate {
  readonly source: YamlSource;
  /** `topic/file-name`. */
  readonly scenario: string;
  readonly header: Template<RawHeader>;
  readonly steps: readonly StepTemplate[];
}

function mask(raw: RawDevice, name: MaskName): number {
  const given = raw[name];
  return given === undefined ? DEVICE_DEFAULTS[name] : maskValue(given);
}

/** Written out, not spread: all configurations have one shape, which is read all the time. */
function resolveDevice(raw: RawDevice): DeviceConfig {
  return {
    untrusted: raw.untrusted ?? DEVICE_DEFAULTS.untrusted,
    coherent: raw.coherent ?? DEVICE_DEFAULTS.coherent,
    minAlignMask: mask(raw, 'minAlignMask'),
    dmaMask: mask(raw, 'dmaMask'),
    segBoundary: mask(raw, 'segBoundary'),
    maxSegSize: raw.maxSegSize ?? DEVICE_DEFAULTS.maxSegSize,
    iovaBase: raw.iovaBase ?? DEVICE_DEFAULTS.iovaBase,
    scribble: raw.scribble ?? DEVICE_DEFAULTS.scribble,
  };
}

/** The machine and its devices' names. Throws InputError for a granule above the page size. */
function resolveMachine({ machine, device, devices }: RawHeader, site: Site) {
  if (device !== undefined && devices !== undefined) {
    throw site.error('device and devices cannot both be there', 'devices');
  }
  const named = Object.entries(devices ?? { [ONLY_DEVICE]: device ?? {} });
  const config: MachineConfig = {
    pageSize: machine?.pageSize ?? MACHINE_DEFAULTS.pageSize,
    granule: machine?.granule ?? MACHINE_DEFAULTS.granule,
    swiotlb: machine?.swiotlb ?? MACHINE_DEFAULTS.swiotlb,
    swiotlbSlots: machine?.swiotlbSlots ?? MACHINE_DEFAULTS.swiotlbSlots,
    iommu: machine?.iommu ?? MACHINE_DEFAULTS.iommu,
    strict: machine?.strict ?? MACHINE_DEFAULTS.strict,
    cache: machine?.cache ?? MACHINE_DEFAULTS.cache,
    devices: named.map(([, raw]) => resolveDevice(raw)),
  };
  if (config.granule > config.pageSize) {
    const problem = `${config.granule} is not a granule for a page size of ${config.pageSize}: it is at most the page size`;
    throw site.error(problem, 'machine', machine?.granule === undefined ? 'pageSize' : 'granule');
  }
  return { machine: config, deviceNames: named.map(([name]) => name) };
}

/** The case of a file that `bindings` stand for. Throws InputError for what makes no sense. */
export function resolveCase(template: ScenarioTemplate, bindings: Bindings): Scenario {
  const { source, scenario, header } = template;
  const site = new Site(source, [], bindings);
  const raw = header.fill(bindings);
  const { machine, deviceNames } = resolveMachine(raw, site);
  const buffers = placeBuffers(raw.buffers ?? {}, machine, site.at('buffers'));
  const resolver = new StepResolver(deviceNames, buffers);
  for (const filled of unroll(source, template.steps, bindings)) {
    resolver.add(filled.step, filled.line, new Site(source, filled.path, filled.bindings));
  }
  const { name, why, refs = [], watch = [] } = raw;
  const { steps, mappings } = resolver;
  const id = scenario + caseSuffix(bindings);
  const { file } = source;
  return { id, scenario, file, name, why, refs, watch, machine, deviceNames, buffers, mappings, steps };
}
