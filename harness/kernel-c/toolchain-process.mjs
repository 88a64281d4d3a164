// SPDX-License-Identifier: GPL-2.0-only
/**
 * A process of its own around clang, wasm-ld and Binaryen, so that they get V8's fastest start and their
 * memory goes away with them. A job comes as JSON on stdin, see toolchain.ts; the answer leaves as JSON on
 * stdout.
 */
import { readFileSync, writeSync } from 'node:fs';

/** Loads an optional package; its absence is an answer, not a failure. */
async function load(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function answer(value) {
  const bytes = Buffer.from(JSON.stringify(value));
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** Nested objects of a flat map of paths. */
function nested(files) {
  const root = {};
  for (const [path, contents] of Object.entries(files)) {
    const parts = path.split('/');
    const name = parts.pop();
    let folder = root;
    for (const part of parts) folder = folder[part] ??= {};
    folder[name] = contents;
  }
  return root;
}

/** Runs one tool; its output file, or what it complained about. */
async function run(runLLVM, args, files, output) {
  const said = [];
  const note = (bytes) => {
    if (bytes !== null) said.push(Buffer.from(bytes));
  };
  const text = () => Buffer.concat(said).toString('utf8');
  try {
    const left = await runLLVM(args, files, { stdout: note, stderr: note, fetchProgress: () => {} });
    return { bytes: left?.[output], text: text() };
  } catch (error) {
    if (said.length === 0) throw error;
    return { bytes: undefined, text: text() };
  }
}

/** The function that is to be called with the arguments of another one whenever that begins. */
const NOTES = { queue_iova: 'kernel_c_note_queue_iova' };

/** Tells the machine when a function of the kernel's own files begins and returns. */
function announceFrames(binaryen, module, frames) {
  module.addFunctionImport(
    'kernel_c_enter',
    'env',
    'kernel_c_enter',
    binaryen.createType([binaryen.i32]),
    binaryen.none,
  );
  module.addFunctionImport('kernel_c_leave', 'env', 'kernel_c_leave', binaryen.none, binaryen.none);
  for (const [number, name] of frames.entries()) {
    const fn = module.getFunction(name);
    if (fn === 0) continue;
    const info = binaryen.getFunctionInfo(fn);
    if (info.module !== '') continue;
    const body = `${name}.body`;
    const parameters = binaryen.expandType(info.params);
    module.addFunction(body, info.params, info.results, info.vars, info.body);
    module.removeFunction(name);
    const call = module.call(
      body,
      parameters.map((type, i) => module.local.get(i, type)),
      info.results,
    );
    const note = module.getFunction(NOTES[name] ?? '');
    const noted = note !== 0 && binaryen.getFunctionInfo(note).params === info.params;
    if (note !== 0 && !noted) throw new Error(`${name}() was compiled with other parameters than it has`);
    const enter = module.call('kernel_c_enter', [module.i32.const(number)], binaryen.none);
    const notes = noted
      ? [
          module.call(
            NOTES[name],
            parameters.map((type, i) => module.local.get(i, type)),
            binaryen.none,
          ),
        ]
      : [];
    const leave = module.call('kernel_c_leave', [], binaryen.none);
    if (info.results === binaryen.none) {
      module.addFunction(
        name,
        info.params,
        info.results,
        [],
        module.block(null, [enter, ...notes, call, leave]),
      );
    } else {
      const result = parameters.length;
      module.addFunction(
        name,
        info.params,
        info.results,
        [info.results],
        module.block(
          null,
          [enter, ...notes, module.local.set(result, call), leave, module.local.get(result, info.results)],
          info.results,
        ),
      );
    }
  }
}

/** wasm64 → wasm32. */
function lower(binaryen, bytes, { frames, safeHeap }) {
  const module = binaryen.readBinary(bytes);
  try {
    const all = binaryen.Features;
    // What clang uses, and Node 20 runs without flags once Memory64 is lowered.
    module.setFeatures(
      [
        all.MutableGlobals,
        all.BulkMemory,
        all.BulkMemoryOpt,
        all.SignExt,
        all.NontrappingFPToInt,
        all.ReferenceTypes,
        all.CallIndirectOverlong,
        all.Multivalue,
        all.Memory64,
      ].reduce((bits, feature) => bits | (feature ?? 0), 0),
    );
    announceFrames(binaryen, module, frames);
    if (safeHeap) module.runPasses(['safe-heap']);
    module.runPasses(['memory64-lowering', 'table64-lowering']);
    if (!module.validate()) throw new Error('the lowered module is not valid');
    binaryen.setDebugInfo(true);
    return { module: Buffer.from(module.emitBinary()).toString('base64'), frames };
  } finally {
    module.dispose();
  }
}

async function work({ files, units, link, lowering }) {
  const clang = await load('@yowasp/clang');
  if (clang === undefined) return { missing: '@yowasp/clang' };
  const tree = nested(files);
  const objects = {};
  const object = {};
  for (const { name, args } of units) {
    const { bytes, text } = await run(clang.runLLVM, ['clang', ...args, '-o', 'unit.o'], tree, 'unit.o');
    if (bytes === undefined) return { refused: text, unit: name };
    objects[name] = bytes;
    object[name] = Buffer.from(bytes).toString('base64');
  }
  if (link === undefined) return { objects: object };
  for (const [name, base64] of Object.entries(link.objects)) objects[name] = Buffer.from(base64, 'base64');
  const linked = await run(
    clang.runLLVM,
    ['wasm-ld', ...link.args, '-o', 'linked.wasm'],
    objects,
    'linked.wasm',
  );
  if (linked.bytes === undefined || linked.text.trim() !== '')
    return { objects: object, refused: linked.text };
  const binaryen = await load('binaryen');
  if (binaryen === undefined) return { objects: object, missing: 'binaryen' };
  return { objects: object, ...lower(binaryen.default, linked.bytes, lowering) };
}

answer(await work(JSON.parse(readFileSync(0, 'utf8'))));
