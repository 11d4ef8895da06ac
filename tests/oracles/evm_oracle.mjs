// What the comparisons with @ethereumjs/evm share: a case as build/tools/evm_tool takes it, run as
// a static call by the oracle.
import { spawnSync } from 'node:child_process';
import { createEVM } from '@ethereumjs/evm';
import { Common, Mainnet } from '@ethereumjs/common';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { Account, bytesToHex, createAddressFromString, hexToBytes } from '@ethereumjs/util';

export const FORKS = ['shanghai', 'cancun', 'prague', 'osaka'];
export const address = (n) => '0x' + n.toString(16).padStart(40, '0');
export const PRECOMPILES = [1n, 2n, 3n, 4n, 5n, 9n, 0x100n]; // the ones we have
const OUTPUT_MOST = 65536; // LIMIT_RETURN_DATA of base/limits.h
const word = (v) => hexToBytes('0x' + BigInt(v).toString(16).padStart(64, '0'));

export function askTool(tool, lines) {
  const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`${tool}: exit ${run.status} ${run.stderr}`);
  const out = run.stdout.toString().trim().split('\n').map((line) => JSON.parse(line));
  if (out.length !== lines.length) throw new Error(`${out.length} answers to ${lines.length} questions`);
  return out;
}

const BPO = [[0n, 5007716n], [1765290071n, 8346193n], [1767747671n, 11684671n]];
function blobFee(fork, timestamp, excess) {
  let fraction = fork === 'cancun' ? 3338477n : 5007716n;
  if (fork === 'osaka') for (const [since, value] of BPO) if (timestamp >= since) fraction = value;
  let output = 0n, accumulator = fraction;
  for (let i = 1n; accumulator > 0n; i += 1n) {
    output += accumulator;
    accumulator = (accumulator * excess) / (fraction * i);
  }
  return output / fraction;
}

// watchOpcodes calls back for each opcode that is reached. Not its `step` event: with a listener
// there, it reads the memory that a REVERT asks for, however much, before the gas is charged.
function watchOpcodes(evm, reached) {
  evm._opcodeMap = evm._opcodeMap.map((entry, op) => ({
    get opcodeInfo() {
      if (entry.opcodeInfo.isInvalid) reached(op);
      return entry.opcodeInfo;
    },
    get gasHandler() {
      reached(op);
      return entry.gasHandler;
    },
    get opHandler() {
      if (!entry.opcodeInfo.dynamicGas) reached(op);
      return entry.opHandler;
    },
  }));
}

// The oracle's answer: outcome, gas, output, error, and in `refusals` what we refuse by name.
export async function oracle(c, reached = () => {}) {
  const common = new Common({ chain: Mainnet, hardfork: c.fork });
  const state = new SimpleStateManager({ common });
  for (const [a, x] of Object.entries(c.accounts)) {
    const key = createAddressFromString(a);
    await state.putAccount(key, new Account(BigInt(x.nonce), BigInt(x.balance)));
    if (x.code !== '0x') await state.putCode(key, hexToBytes(x.code));
    for (const [slot, value] of Object.entries(x.slots)) if (BigInt(value)) await state.putStorage(key, word(slot), word(value));
  }
  const evm = await createEVM({ common, stateManager: state });
  // What a transaction has warm before it runs (EIP-2929, EIP-3651); runCall leaves that to its caller.
  for (const a of [...evm.precompiles.keys()].map((k) => '0x' + k)) evm.journal.addAlwaysWarmAddress(a);
  for (const a of [c.from, c.to, c.block.coinbase]) evm.journal.addAlwaysWarmAddress(a);
  const refusals = new Set();
  watchOpcodes(evm, (op) => {
    if (op === 0x40) refusals.add('BLOCKHASH');
    reached(op);
  });
  const ours = new Set(PRECOMPILES.map(address));
  evm.events.on('beforeMessage', (m, next) => {
    const a = (m.codeAddress ?? m.to)?.toString();
    if (evm.getPrecompile(m.codeAddress ?? m.to) && !ours.has(a)) refusals.add('precompile 0x' + a.slice(-2));
    next?.();
  });
  const timestamp = BigInt(c.block.timestamp), fee = c.fork === 'shanghai' ? 0n : blobFee(c.fork, timestamp, BigInt(c.block.excessBlobGas));
  let execResult;
  try {
    ({ execResult } = await evm.runCall({
      to: createAddressFromString(c.to), caller: createAddressFromString(c.from), data: hexToBytes(c.input), gasLimit: BigInt(c.gas), isStatic: true, skipNonceIncrement: true,
      block: { header: { number: BigInt(c.block.number), coinbase: createAddressFromString(c.block.coinbase), timestamp, difficulty: 0n, prevRandao: word(c.block.prevRandao),
        gasLimit: BigInt(c.block.gasLimit), baseFeePerGas: BigInt(c.block.baseFee), slotNumber: 0n, getBlobGasPrice: () => fee } },
    }));
  } catch (e) {
    if (/kzg not initialized/.test(e.message)) return { outcome: 'none', refusals };
    throw e;
  }
  const error = execResult.exceptionError?.error, output = error === undefined || error === 'revert' ? bytesToHex(execResult.returnValue) : '0x';
  if (output.length / 2 - 1 > OUTPUT_MOST) refusals.add('more than 64 KiB of output');
  return { outcome: error === undefined ? 'returned' : error === 'revert' ? 'reverted' : 'faulted', gas: Number(execResult.executionGasUsed), output, error, refusals };
}

// compare: 'same', 'refused' (for what the oracle saw, by that name), or 'different'.
export function compare(got, want) {
  if (got.outcome === 'unsupported') return [...want.refusals].some((name) => got.what.startsWith(name)) ? 'refused' : 'different';
  return got.outcome === want.outcome && got.gas === want.gas && got.output === want.output ? 'same' : 'different';
}

export const shown = (want) => JSON.stringify({ ...want, refusals: [...want.refusals] });
