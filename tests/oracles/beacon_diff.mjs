// Hash tree roots, SSZ reading, signing roots and branches of light-client containers against
// @chainsafe/ssz, with the containers written out here from the consensus specifications.
// Usage: node beacon_diff.mjs TOOL [seed]      (TOOL: build/tools/beacon_tool)
// Exit 0: no difference. Each difference is printed as the tool's own input line.
import { spawnSync } from 'node:child_process';
import { createProof, ProofType, Tree } from '@chainsafe/persistent-merkle-tree';
import { BitVectorType, ByteListType, ByteVectorType, ContainerType, UintBigintType, VectorCompositeType } from '@chainsafe/ssz';

const [tool, seedText = '1'] = process.argv.slice(2);
let s = (BigInt(seedText) * 0x9e3779b97f4a7c15n + 1n) & 0xffffffffffffffffn;
function below(n) { // xorshift64
  s ^= (s << 13n) & 0xffffffffffffffffn;
  s ^= s >> 7n;
  s ^= (s << 17n) & 0xffffffffffffffffn;
  return Number((s >> 11n) % BigInt(n));
}
const chance = (percent) => below(100) < percent;
const bytes = (n) => Uint8Array.from({ length: n }, () => below(256));
const hex = (b) => Buffer.from(b).toString('hex');

// ---- containers -----------------------------------------------------------------------------
const u64 = new UintBigintType(8), u256 = new UintBigintType(32);
const b32 = new ByteVectorType(32), b20 = new ByteVectorType(20), key = new ByteVectorType(48), bloom = new ByteVectorType(256);
const branchOf = (n) => new VectorCompositeType(b32, n);
const BeaconBlockHeader = new ContainerType({ slot: u64, proposer_index: u64, parent_root: b32, state_root: b32, body_root: b32 });
const payloadCapella = {
  parent_hash: b32, fee_recipient: b20, state_root: b32, receipts_root: b32, logs_bloom: bloom, prev_randao: b32, block_number: u64,
  gas_limit: u64, gas_used: u64, timestamp: u64, extra_data: new ByteListType(32), base_fee_per_gas: u256, block_hash: b32,
  transactions_root: b32, withdrawals_root: b32,
};
const Payload = {
  capella: new ContainerType(payloadCapella),
  deneb: new ContainerType({ ...payloadCapella, blob_gas_used: u64, excess_blob_gas: u64 }),
};
const FORKS = ['altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu'];
const SIZES = { minimal: 32, mainnet: 512 };
const ForkData = new ContainerType({ current_version: new ByteVectorType(4), genesis_validators_root: b32 });
const SigningData = new ContainerType({ object_root: b32, domain: b32 });

function typesOf(fork, preset) {
  const at = FORKS.indexOf(fork), size = SIZES[preset], electra = at >= 4;
  const payload = at < 2 ? null : at < 3 ? Payload.capella : Payload.deneb;
  const Header = new ContainerType(payload ? { beacon: BeaconBlockHeader, execution: payload, execution_branch: branchOf(4) } : { beacon: BeaconBlockHeader });
  const Committee = new ContainerType({ pubkeys: new VectorCompositeType(key, size), aggregate_pubkey: key });
  const Aggregate = new ContainerType({ sync_committee_bits: new BitVectorType(size), sync_committee_signature: new ByteVectorType(96) });
  const committeeBranch = branchOf(electra ? 6 : 5), finalityBranch = branchOf(electra ? 7 : 6);
  const tail = { sync_aggregate: Aggregate, signature_slot: u64 };
  const finality = { finalized_header: Header, finality_branch: finalityBranch };
  return {
    payload, Header, Committee,
    bootstrap: new ContainerType({ header: Header, current_sync_committee: Committee, current_sync_committee_branch: committeeBranch }),
    update: new ContainerType({ attested_header: Header, next_sync_committee: Committee, next_sync_committee_branch: committeeBranch, ...finality, ...tail }),
    finality: new ContainerType({ attested_header: Header, ...finality, ...tail }),
    optimistic: new ContainerType({ attested_header: Header, ...tail }),
  };
}

// ---- random values --------------------------------------------------------------------------
const wide = (n) => BigInt(`0x${hex(chance(20) ? new Uint8Array(n).fill(255) : chance(20) ? new Uint8Array(n) : bytes(n))}`);
const some = (n) => (chance(10) ? new Uint8Array(n) : bytes(n));
const nodes = (n) => Array.from({ length: n }, () => some(32));
function header(t) {
  const beacon = { slot: wide(8), proposer_index: wide(8), parent_root: some(32), state_root: some(32), body_root: some(32) };
  if (!t.payload) return { beacon };
  const execution = {
    parent_hash: some(32), fee_recipient: some(20), state_root: some(32), receipts_root: some(32), logs_bloom: some(256), prev_randao: some(32),
    block_number: wide(8), gas_limit: wide(8), gas_used: wide(8), timestamp: wide(8), extra_data: bytes([0, 1, 31, 32, below(33)][below(5)]),
    base_fee_per_gas: wide(32), block_hash: some(32), transactions_root: some(32), withdrawals_root: some(32), blob_gas_used: wide(8), excess_blob_gas: wide(8),
  };
  return { beacon, execution, execution_branch: nodes(4) };
}
const committee = (size) => ({ pubkeys: Array.from({ length: size }, () => some(48)), aggregate_pubkey: some(48) });
function value(kind, t, fork, preset) {
  const electra = FORKS.indexOf(fork) >= 4, size = SIZES[preset], c = electra ? 6 : 5, f = electra ? 7 : 6;
  if (kind === 'bootstrap') return { header: header(t), current_sync_committee: committee(size), current_sync_committee_branch: nodes(c) };
  const tail = { sync_aggregate: { sync_committee_bits: new BitVectorType(size).deserialize(bytes(size / 8)), sync_committee_signature: bytes(96) }, signature_slot: wide(8) };
  const finality = kind === 'optimistic' ? {} : { finalized_header: header(t), finality_branch: nodes(f) };
  const next = kind === 'update' ? { next_sync_committee: committee(size), next_sync_committee_branch: nodes(c) } : {};
  return { attested_header: header(t), ...next, ...finality, ...tail };
}

// ---- what the tool should print -------------------------------------------------------------
function shownHeader(t, h) {
  const beacon = `beacon=${hex(BeaconBlockHeader.hashTreeRoot(h.beacon))} `;
  return t.payload ? `${beacon}execution=${hex(t.payload.hashTreeRoot(h.execution))} branch=${hex(h.execution_branch[3])} ` : beacon;
}
const shownCommittee = (t, c, branch) => `committee=${hex(t.Committee.hashTreeRoot(c))} branch=${hex(branch.at(-1))} `;
function shown(kind, t, v) {
  if (kind === 'bootstrap') return (shownHeader(t, v.header) + shownCommittee(t, v.current_sync_committee, v.current_sync_committee_branch)).trim();
  let out = shownHeader(t, v.attested_header);
  if (kind === 'update') out += shownCommittee(t, v.next_sync_committee, v.next_sync_committee_branch);
  if (kind !== 'optimistic') out += `${shownHeader(t, v.finalized_header)}branch=${hex(v.finality_branch.at(-1))} `;
  const sig = v.sync_aggregate.sync_committee_signature;
  return `${out}${hex(v.sync_aggregate.sync_committee_bits.uint8Array)} ${hex([sig[0], sig[95]])} ${v.signature_slot}`;
}
function read(kind, t, ssz) {
  try {
    const v = t[kind].deserialize(ssz);
    // One encoding only: what the oracle reads leniently must be refused.
    return hex(t[kind].serialize(v)) === hex(ssz) ? shown(kind, t, v) : 'bad';
  } catch { return 'bad'; }
}
// mutate: other lengths, and other numbers where offsets are (they are the first 4 bytes of what has any).
function mutate(ssz) {
  const out = Uint8Array.from(ssz), at = below(out.length);
  switch (below(6)) {
    case 0: return out.slice(0, at);
    case 1: return Uint8Array.from([...out, ...bytes(1 + below(40))]);
    case 2: out[below(4)] ^= 1 << below(8); return out;
    case 3: return Uint8Array.from([...out.slice(0, at), ...out.slice(at + 1 + below(4))]);
    case 4: return Uint8Array.from([...out.slice(0, at), below(256), ...out.slice(at)]);
    default: out[at] ^= 1 << below(8); return out;
  }
}

const lines = [], wanted = [], kinds = [];
const ask = (kind, line, want) => { kinds.push(kind); lines.push(line); wanted.push(want); };
let failed = 0;
const count = {};
function flush() { // lines go to the tool in parts: committees of 512 are long
  if (!lines.length) return;
  const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 });
  if (run.status !== 0) throw new Error(`${tool}: exit ${run.status} ${run.signal ?? ''} ${run.stderr}`);
  const got = run.stdout.toString().trimEnd().split('\n').map((x) => x.trim());
  if (got.length !== lines.length) throw new Error(`${got.length} answers to ${lines.length} questions`);
  for (let i = 0; i < lines.length; i += 1) {
    count[kinds[i]] = (count[kinds[i]] ?? 0) + 1;
    if (got[i] === wanted[i]) continue;
    failed += 1;
    if (failed <= 10) console.log(`FAILED ${kinds[i]}: ${lines[i].slice(0, 2000)}\n  got  ${got[i]}\n  want ${wanted[i]}`);
  }
  lines.length = wanted.length = kinds.length = 0;
}

const KINDS = ['bootstrap', 'update', 'finality', 'optimistic'];
for (const preset of ['minimal', 'mainnet'])
  for (const fork of FORKS) {
    const t = typesOf(fork, preset), rounds = preset === 'minimal' ? 450 : 6;
    for (let i = 0; i < rounds; i += 1)
      for (const kind of KINDS) {
        const v = value(kind, t, fork, preset), ssz = t[kind].serialize(v), name = `${kind} ${preset}`;
        ask(name, `${kind} ${fork} ${preset} ${hex(ssz)}`, shown(kind, t, v));
        const other = mutate(ssz);
        if (other.length) ask(`${name} mutant`, `${kind} ${fork} ${preset} ${hex(other)}`, read(kind, t, other));
        if (lines.length > 2000) flush();
      }
    flush();
  }

for (let i = 0; i < 10000; i += 1) {
  const object_root = some(32), current_version = some(4), genesis_validators_root = some(32);
  const domain = Uint8Array.from([7, 0, 0, 0, ...ForkData.hashTreeRoot({ current_version, genesis_validators_root }).slice(0, 28)]);
  ask('signing root', `signing ${hex(object_root)} ${hex(current_version)} ${hex(genesis_validators_root)}`, `signing=${hex(SigningData.hashTreeRoot({ object_root, domain }))}`);
}
flush();

// ---- branches: of vectors of roots, at every leaf and inner node -----------------------------
for (let i = 0; i < 2500; i += 1) {
  const depth = 1 + below(8), leaves = 2 ** depth, type = branchOf(leaves);
  const tree = new Tree(type.toView(nodes(leaves)).node), root = hex(tree.root);
  const gindex = BigInt(2 + below(2 * leaves - 2)), proof = createProof(tree.rootNode, { type: ProofType.single, gindex });
  const list = proof.witnesses.map(hex), leaf = hex(proof.leaf);
  const put = (kind, l, g, r, n, want) => ask(kind, `branch ${l} ${g} ${r} ${n.join(',')}`, want);
  put('branch', leaf, gindex, root, list, 'yes');
  const at = below(list.length), changed = bytes(32);
  put('branch mutant', leaf, gindex, root, list.map((x, k) => (k === at ? hex(changed) : x)), 'no');
  put('branch mutant', hex(changed), gindex, root, list, 'no');
  put('branch mutant', leaf, gindex + BigInt(leaves) * 2n, root, list, 'no');
  put('branch mutant', leaf, gindex, root, [...list, hex(changed)], 'no');
  if (list.length > 1) put('branch mutant', leaf, gindex, root, list.slice(0, -1), 'no');
  const twin = gindex ^ 1n; // the other side, unless both are the same
  if (list[0] !== leaf) put('branch mutant', leaf, twin, root, list, 'no');
}
flush();

const total = Object.values(count).reduce((a, b) => a + b, 0);
console.log(Object.entries(count).map(([k, n]) => `${k} ${n}`).join(', '));
console.log(`${total - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
