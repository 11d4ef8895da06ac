// A node that signs nothing, made to look like one that does: eth_accounts and eth_sendTransaction for the tests' own
// accounts, so that tests/chain/deploy.mjs works with it. Test keys: the secret is the SHA-256 of a word.
import crypto from 'node:crypto';
import path from 'node:path';
import { createRequire } from 'node:module';
import { hexNumber, sleep } from '../chain/node.mjs';

const WORDS = ['bootgate test owner', 'bootgate test stranger', 'bootgate test delegated'];
const GIGA = 1_000_000_000n;

/// FOLDER: as setup.sh made it.
export class Wallet {
  constructor(folder, chainId) {
    const require = createRequire(path.join(folder, 'execution/package.json'));
    const { Common, Mainnet } = require('@ethereumjs/common');
    const { createFeeMarket1559Tx } = require('@ethereumjs/tx');
    const { privateToAddress } = require('@ethereumjs/util');
    const common = new Common({ chain: { ...Mainnet, chainId }, hardfork: 'shanghai' });
    this.keys = new Map(WORDS.map((word) => {
      const key = crypto.createHash('sha256').update(word).digest();
      return ['0x' + Buffer.from(privateToAddress(key)).toString('hex'), key];
    }));
    this.accounts = [...this.keys.keys()];
    this.nonces = new Map();
    this.sign = (fields, from) => '0x' + Buffer.from(createFeeMarket1559Tx({ ...fields, chainId }, { common })
      .sign(this.keys.get(from)).serialize()).toString('hex');
  }

  /// For a genesis file.
  allocation() {
    return Object.fromEntries(this.accounts.map((account) => [account, { balance: '0xd3c21bcecceda1000000' }]));
  }

  /// over(rpc) gives an rpc of the same shape with accounts.
  over(rpc) {
    return async (method, ...params) => {
      if (method === 'eth_accounts') return this.accounts;
      if (method === 'eth_getTransactionReceipt') return this.receipt(rpc, ...params);
      if (method !== 'eth_sendTransaction') return rpc(method, ...params);
      const [{ from, to, data, gas }] = params;
      const nonce = this.nonces.get(from) ?? Number(await rpc('eth_getTransactionCount', from, 'latest'));
      const raw = this.sign({ to, data, gasLimit: gas, nonce: hexNumber(nonce), maxFeePerGas: 100n * GIGA, maxPriorityFeePerGas: GIGA }, from);
      const hash = await rpc('eth_sendRawTransaction', raw);
      this.nonces.set(from, nonce + 1);
      return hash;
    };
  }

  /// A block comes once a slot: null only after a while.
  async receipt(rpc, hash) {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const receipt = await rpc('eth_getTransactionReceipt', hash).catch(() => null);
      if (receipt) return receipt;
      await sleep(100);
    }
    return null;
  }
}
