// SPDX-License-Identifier: GPL-2.0-only
/** wasm64 as clang makes it, into a module that any Node.js runs, with call paths told. */

/** @typedef {typeof import('binaryen').default} Binaryen */
/** @typedef {import('binaryen').default.Module} Module */

/**
 * The function that is called with the arguments of another one whenever that begins.
 * @type {Readonly<Record<string, string>>}
 */
const NOTES = { queue_iova: 'kernel_c_note_queue_iova' };

/**
 * Lowers a linked module.
 * @param {Binaryen} wasm
 * @param {Uint8Array} bytes
 * @param {readonly string[]} frames functions that tell when they begin and return
 */
export function lower(wasm, bytes, frames) {
  const module = wasm.readBinary(bytes);
  try {
    const all = wasm.Features;
    // What clang uses, and Node 20 runs without flags once Memory64 is lowered.
    const features = [
      all.MutableGlobals,
      all.BulkMemory,
      all.BulkMemoryOpt,
      all.SignExt,
      all.NontrappingFPToInt,
      all.ReferenceTypes,
      all.CallIndirectOverlong,
      all.Multivalue,
      all.Memory64,
    ];
    let bits = 0;
    for (const feature of features) bits |= feature;
    module.setFeatures(bits);
    announceFrames(wasm, module, frames);
    module.runPasses(['memory64-lowering', 'table64-lowering']);
    if (!module.validate()) throw new Error('the lowered module is not valid');
    wasm.setDebugInfo(true);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/**
 * Function number n of `frames` calls kernel_c_enter(n) when it begins and kernel_c_leave() when it returns.
 * @param {Binaryen} wasm
 * @param {Module} module
 * @param {readonly string[]} frames
 */
function announceFrames(wasm, module, frames) {
  module.addFunctionImport('kernel_c_enter', 'env', 'kernel_c_enter', wasm.createType([wasm.i32]), wasm.none);
  module.addFunctionImport('kernel_c_leave', 'env', 'kernel_c_leave', wasm.none, wasm.none);
  for (const [number, name] of frames.entries()) {
    const found = module.getFunction(name);
    if (found === 0) continue;
    const { params, results, vars, body, module: from } = wasm.getFunctionInfo(found);
    if (from !== null && from !== '') continue;
    const inner = `${name}.body`;
    module.addFunction(inner, params, results, vars, body);
    module.removeFunction(name);
    const types = wasm.expandType(params);
    /**
     * @param {string} callee
     * @param {number} result
     */
    const callWith = (callee, result) =>
      module.call(
        callee,
        types.map((type, index) => module.local.get(index, type)),
        result,
      );
    const before = [module.call('kernel_c_enter', [module.i32.const(number)], wasm.none)];
    const note = module.getFunction(NOTES[name] ?? '');
    if (note !== 0) {
      if (wasm.getFunctionInfo(note).params !== params) {
        throw new Error(`${name}() was compiled with other parameters than it has`);
      }
      before.push(callWith(NOTES[name] ?? '', wasm.none));
    }
    const call = callWith(inner, results);
    const leave = module.call('kernel_c_leave', [], wasm.none);
    if (results === wasm.none) {
      module.addFunction(name, params, results, [], module.block(null, [...before, call, leave]));
      continue;
    }
    const kept = types.length;
    const rest = [module.local.set(kept, call), leave, module.local.get(kept, results)];
    module.addFunction(name, params, results, [results], module.block(null, [...before, ...rest], results));
  }
}
