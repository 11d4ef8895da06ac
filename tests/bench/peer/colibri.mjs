// One recorded eth_call verified by colibri (WebAssembly), offline: the sync committee's signature over a header, the
// header's state root, proofs, and the call in its EVM.
// usage: node colibri.mjs DATA-FOLDER CALL-FILE [ROUNDS]     exit status 0: verified, and the recorded output
// DATA-FOLDER (COLIBRI_DATA of make bench): usdc-balanceOf.ssz, the proof that the package's createProof makes of the answers in
// test/data/eth_call1 of corpus-core/colibri-stateless (commit 18ec8a2f6bd6), and that folder's sync_1_1393 and states_1.
//   prints milliseconds inside the process: the first verification, and the median of ROUNDS more of the same
import fs from 'node:fs';
import Colibri from '@corpus-core/colibri-stateless';
import { keccak_256 } from '@noble/hashes/sha3.js';

const [folder, file, rounds = '0'] = process.argv.slice(2);
const { method, params, code, expect } = JSON.parse(fs.readFileSync(file, 'utf8'));
const store = new Map();
for (const text of Object.values(code)) {
  const bytes = Buffer.from(text.slice(2), 'hex');
  store.set(`code_${Buffer.from(keccak_256(bytes)).toString('hex')}`, bytes);
}
for (const name of ['sync_1_1393', 'states_1']) store.set(name, fs.readFileSync(`${folder}/${name}`));
await Colibri.register_storage({ get: (key) => store.get(key) ?? null, set: (key, value) => store.set(key, value), del: (key) => store.delete(key) });
const colibri = new Colibri({ chainId: 1, rpcs: [], beacon_apis: [], prover: [], checkpointz: [] });
const proof = fs.readFileSync(`${folder}/usdc-balanceOf.ssz`);

async function verify() {
  const start = performance.now();
  const output = await colibri.verifyProof(method, params, proof);
  if (output !== expect.output) throw new Error(`another output: ${output}`);
  return performance.now() - start;
}
const first = await verify();
const more = [];
for (let i = 0; i < Number(rounds); i += 1) more.push(await verify());
more.sort((x, y) => x - y);
if (more.length) console.log(first.toFixed(1), more[more.length >> 1].toFixed(1));
