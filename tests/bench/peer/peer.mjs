// The same question by JavaScript libraries, from the same recorded answers: header hash, proofs, code hashes, and the
// call in @ethereumjs/evm. For comparing cost; a peer, not an oracle. Node 20.
// usage: node peer.mjs BUNDLE KMS BLOCK-HASH CALLDATA      exit status 0: the contract says yes
import fs from 'node:fs';
import { Common, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { verifyMerkleProof } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { Account, bytesToHex, createAddressFromString, hexToBytes } from '@ethereumjs/util';
import { keccak_256 } from '@noble/hashes/sha3.js';

const [file, kms, blockHash, calldata] = process.argv.slice(2);
const answers = JSON.parse(fs.readFileSync(file, 'utf8')).rpc;
const keccakHex = (bytes) => bytesToHex(keccak_256(bytes));
const integer = (hex) => {
  const digits = hex.slice(2).replace(/^0+/, '');
  return hexToBytes('0x' + (digits.length % 2 ? '0' : '') + digits);
};
const demand = (condition, what) => { if (!condition) throw new Error(what); };

function headerHash(block) {
  const fields = [block.parentHash, block.sha3Uncles, block.miner, block.stateRoot, block.transactionsRoot,
    block.receiptsRoot, block.logsBloom].map(hexToBytes);
  fields.push(...[block.difficulty, block.number, block.gasLimit, block.gasUsed, block.timestamp].map(integer));
  fields.push(hexToBytes(block.extraData), hexToBytes(block.mixHash), hexToBytes(block.nonce));
  for (const [name, convert] of [['baseFeePerGas', integer], ['withdrawalsRoot', hexToBytes], ['blobGasUsed', integer],
    ['excessBlobGas', integer], ['parentBeaconBlockRoot', hexToBytes], ['requestsHash', hexToBytes]]) {
    if (block[name] !== undefined && block[name] !== null) fields.push(convert(block[name]));
  }
  return keccakHex(RLP.encode(fields));
}

const prove = (key, nodes) => verifyMerkleProof(keccak_256(hexToBytes(key)), nodes.map(hexToBytes));

/// Everything recorded, proven from the state root.
async function provenState(stateRoot) {
  const accounts = new Map();
  for (const { method, params, result } of answers) {
    if (method !== 'eth_getProof' || !result) continue;
    const address = params[0].toLowerCase();
    demand(keccakHex(hexToBytes(result.accountProof[0])) === stateRoot, 'another root');
    const leaf = await prove(address, result.accountProof);
    const [nonce, balance, storageRoot, codeHash] = leaf ? RLP.decode(leaf) : [];
    const known = accounts.get(address) ?? { leaf, nonce, balance, codeHash, slots: new Map(), code: '0x' };
    for (const { key, proof } of result.storageProof) {
      const slot = '0x' + key.slice(2).padStart(64, '0');
      let value = new Uint8Array();
      if (leaf && proof.length) {
        demand(keccakHex(hexToBytes(proof[0])) === bytesToHex(storageRoot), 'another storage root');
        const stored = await prove(slot, proof);
        if (stored) value = RLP.decode(stored);
      }
      known.slots.set(slot, value);
    }
    accounts.set(address, known);
  }
  for (const { method, params, result } of answers) {
    const account = method === 'eth_getCode' ? accounts.get(params[0].toLowerCase()) : null;
    if (!account?.leaf) continue;
    demand(keccakHex(hexToBytes(result)) === bytesToHex(account.codeHash), 'another code');
    account.code = result;
  }
  return accounts;
}

const header = answers.find(({ method }) => method.startsWith('eth_getBlockBy')).result;
demand(headerHash(header) === blockHash, 'another block');
const accounts = await provenState(header.stateRoot);
const common = new Common({ chain: Mainnet, hardfork: 'prague' });
const state = new SimpleStateManager({ common });
for (const [address, { leaf, nonce, balance, slots, code }] of accounts) {
  if (!leaf) continue;
  const key = createAddressFromString(address);
  const number = (bytes) => (bytes.length ? BigInt(bytesToHex(bytes)) : 0n);
  await state.putAccount(key, new Account(number(nonce), number(balance)));
  if (code !== '0x') await state.putCode(key, hexToBytes(code));
  for (const [slot, value] of slots) await state.putStorage(key, hexToBytes(slot), value);
}
const evm = await createEVM({ common, stateManager: state });
const { execResult } = await evm.runCall({
  to: createAddressFromString(kms), caller: createAddressFromString('0x' + '00'.repeat(20)), data: hexToBytes(calldata),
  gasLimit: 16_000_000n, isStatic: true,
});
process.exit(!execResult.exceptionError && execResult.returnValue[31] === 1 ? 0 : 1);
