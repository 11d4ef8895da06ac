// The programs of ethereum/tests and execution-spec-tests against @ethereumjs/evm: each
// transaction of the files as a static call, without value, on every fork from Cancun on. Most
// would end at their first SSTORE, so each is run as published and once more with its results
// kept in memory.
// EVM_DIFF=full: with up to 16,000,000 gas instead of 1,000,000.
// Usage: node state_diff.mjs TOOL [vectors]      (TOOL: build/tools/evm_tool)
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { askTool, compare, oracle, shown } from './evm_oracle.mjs';

const [tool, vectors = process.env.BOOTGATE_VECTORS ?? '../shared/vectors'] = process.argv.slice(2);
const SETS = ['state-tests', 'state-tests-osaka'].map((name) => join(vectors, 'eth', name));
const GAS_MOST = process.env.EVM_DIFF === 'full' ? 16000000 : 1000000; // LIMIT_CALL_GAS of base/limits.h; less where all is to be quick
const TARGETS = ['cancun', 'prague', 'osaka'];
if (!SETS.every(existsSync)) {
  console.log(`skipped 1 cases: no state tests in ${vectors}\n0 passed, 0 failed, 1 skipped`);
  process.exit(0);
}

const files = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(dir, e.name)) : e.name.endsWith('.json') ? [join(dir, e.name)] : [])).sort();
// Code of a transaction that creates a contract: at an address that the file does not have.
const CREATED = '0xc4ea7ed0000000000000000000000000000000c0';

// inMemory: SSTORE, TSTORE and LOG0 as MSTORE (each takes two items); what runs to the end of the
// code returns its memory. Places in the code stay what they are.
function inMemory(code) {
  if (code === '0x') return code;
  const bytes = [...Buffer.from(code.slice(2), 'hex')];
  let end = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const op = bytes[i];
    if (op === 0x55 || op === 0x5d || op === 0xa0) bytes[i] = 0x52;
    if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
    if (op !== 0) end = i + 1; // STOPs at the end give way
  }
  return '0x' + Buffer.from([...bytes.slice(0, end), ...Array(Math.max(0, end - bytes.length)).fill(0), 0x61, 0x02, 0x00, 0x5f, 0xf3]).toString('hex'); // RETURN(0, 512)
}

function* casesOf(test) {
  const { env, pre, transaction: tx } = test;
  const block = { chainId: '0x1', number: env.currentNumber, timestamp: env.currentTimestamp, gasLimit: env.currentGasLimit, baseFee: env.currentBaseFee, coinbase: env.currentCoinbase,
    excessBlobGas: env.currentExcessBlobGas ?? '0x0', prevRandao: env.currentRandom };
  const plain = {};
  for (const [a, x] of Object.entries(pre)) plain[a] = { code: x.code, balance: x.balance, nonce: Number(x.nonce), slots: x.storage };
  for (const data of new Set(tx.data)) {
    for (const gas of new Set(tx.gasLimit.map((g) => Math.min(Number(BigInt(g)), GAS_MOST)))) {
      const accounts = tx.to ? plain : { ...plain, [CREATED]: { code: data, balance: '0x0', nonce: 1, slots: {} } };
      const patched = Object.fromEntries(Object.entries(accounts).map(([a, x]) => [a, { ...x, code: inMemory(x.code) }]));
      for (const world of [accounts, patched])
        for (const fork of TARGETS) yield { op: 'run', fork, block, from: tx.sender, to: tx.to || CREATED, input: tx.to ? data : '0x', gas, accounts: world };
    }
  }
}

const counts = { same: 0, refused: 0, different: 0 }, ends = {}, refused = {};
let tests = 0, programs = 0;
for (const file of SETS.flatMap(files)) {
  const cases = [], names = [];
  for (const [name, test] of Object.entries(JSON.parse(readFileSync(file)))) {
    tests += 1;
    for (const c of casesOf(test)) { cases.push(c); names.push(name); }
  }
  programs += cases.length / TARGETS.length / 2;
  const answers = askTool(tool, cases.map((c) => JSON.stringify(c)));
  for (const [i, got] of answers.entries()) {
    const want = await oracle(cases[i]), verdict = compare(got, want);
    counts[verdict] += 1;
    if (verdict === 'refused') refused[got.what] = (refused[got.what] ?? 0) + 1;
    const end = (want.error ?? want.outcome).replace(/ at .*/, '');
    if (verdict === 'same') ends[end] = (ends[end] ?? 0) + 1;
    if (verdict === 'different' && counts.different < 10) console.log(`DIFFERENT: ${file} ${names[i]}\n  ${JSON.stringify(cases[i])}\n  got ${JSON.stringify(got)}\n  expected ${shown(want)}`);
  }
}
console.log(`compared: state tests: ${tests} tests, ${programs} programs, each in 2 forms on ${TARGETS.length} forks; ${JSON.stringify(ends)}`);
console.log(`refused by name: ${JSON.stringify(refused)}`);
console.log(`${counts.same} same, ${counts.refused} refused, ${counts.different} different`);
process.exit(counts.different || programs === 0 ? 1 : 0);
