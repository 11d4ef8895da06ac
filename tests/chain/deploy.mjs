// Deploys the policy contracts and walks a chain through the states that the tests ask about: each state
// is a block of its own, so that a pinned block hash chooses one. Node built-ins only; the node signs.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { encodeCall, encodeDeploy } from './abi.mjs';
import { hexNumber, sleep } from './node.mjs';

const GAS = hexNumber(8_000_000);
const ZERO_HASH = '0x' + '00'.repeat(32);
/// EIP-1967: keccak256("eip1967.proxy.implementation") - 1.
const IMPLEMENTATION_SLOT = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc';
const P256_SPKI_PREFIX = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
export const GATEWAY_APP_ID = 'app-gateway-1';

const sha256 = (text) => crypto.createHash('sha256').update(text).digest();
const hex = (buffer) => '0x' + buffer.toString('hex');
const withPrefix = (text) => (text.startsWith('0x') ? text : '0x' + text);

/// Test keys: the secret is the SHA-256 of a word.
function publicKey(curve, word, form) {
  const pair = crypto.createECDH(curve);
  pair.setPrivateKey(sha256(word));
  return pair.getPublicKey('hex', form);
}

/// The four members have all the forms that `bytes` has in storage: 33 and 91 bytes (long), 24 (short), none.
export const KMS_INFO = {
  k256Pubkey: '0x' + publicKey('secp256k1', 'bootgate test kms k256 key', 'compressed'),
  caPubkey: '0x' + P256_SPKI_PREFIX + publicKey('prime256v1', 'bootgate test kms ca key', 'uncompressed'),
  quote: hex(Buffer.from('a quote, in short form..')),
  eventlog: '0x',
};

/// A bootAuth request as the contracts' tuple: an empty instance id is the zero address.
export function tupleOf(bootInfo) {
  const tuple = { tcbStatus: bootInfo.tcbStatus ?? '', advisoryIds: bootInfo.advisoryIds ?? [] };
  for (const name of ['appId', 'composeHash', 'deviceId', 'mrAggregated', 'mrSystem', 'osImageHash']) tuple[name] = withPrefix(bootInfo[name]);
  tuple.instanceId = withPrefix(bootInfo.instanceId || '00'.repeat(20));
  return tuple;
}

export class Deployment {
  constructor(node, folder) {
    this.node = node;
    this.contracts = JSON.parse(fs.readFileSync(path.join(folder, 'contracts.json'), 'utf8')).contracts;
  }

  async send(from, to, data) {
    const { rpc } = this.node;
    const hash = await rpc('eth_sendTransaction', { from, to: to ?? undefined, data, gas: GAS });
    // The block is made at once, but not before the answer.
    for (let attempt = 0; attempt < 500; attempt += 1) {
      const receipt = await rpc('eth_getTransactionReceipt', hash);
      if (receipt?.status === '0x1') return receipt;
      if (receipt) throw new Error(`a transaction failed: ${JSON.stringify(receipt)}`);
      await sleep(attempt < 20 ? 2 : 20);
    }
    throw new Error(`no receipt for ${hash}`);
  }

  async create(name, ...args) {
    return (await this.send(this.owner, null, encodeDeploy(this.contracts[name], args))).contractAddress;
  }

  kmsCall(name, ...args) {
    return this.send(this.owner, this.kms, encodeCall(this.contracts.PolicyKms, name, args));
  }

  appCall(appId, name, ...args) {
    return this.send(this.owner, appId, encodeCall(this.contracts.PolicyApp, name, args));
  }

  /// The contracts that are the same for every application.
  async start() {
    const { rpc } = this.node;
    [this.owner, this.stranger, this.delegated] = await rpc('eth_accounts');
    this.appImplementation = await this.create('PolicyApp');
    this.kmsImplementation = await this.create('PolicyKms');
    const initialize = encodeCall(this.contracts.PolicyKms, 'initialize', [this.owner, this.appImplementation]);
    this.kms = await this.create('ERC1967Proxy', this.kmsImplementation, initialize);
    await this.kmsCall('setGatewayAppId', GATEWAY_APP_ID);
    await this.kmsCall('setKmsInfo', KMS_INFO);
    this.hostile = {};
    for (const name of ['ShortReturn', 'GasBurner', 'PermissiveImpostor']) this.hostile[name] = await this.create(name);
  }

  pointProxy(appId, implementation) {
    const padded = '0x' + implementation.slice(2).padStart(64, '0');
    return this.node.rpc('anvil_setStorageAt', appId, IMPLEMENTATION_SLOT, padded);
  }

  async setAppCode(appId, name) {
    await this.node.rpc('anvil_setCode', appId, name ? this.contracts[name].deployedBytecode : '0x');
  }

  /// The head as a block of its own that holds everything done so far. The one after it keeps it clean: anvil puts a
  /// block's state away when the next one is made, with what anvil_setCode and anvil_setStorageAt did in between.
  async mark() {
    await this.node.rpc('evm_mine');
    const { hash, number, timestamp } = await this.node.rpc('eth_getBlockByNumber', 'latest', false);
    await this.node.rpc('evm_mine');
    return { hash, number: Number(number), timestamp: Number(timestamp) };
  }

  /// walk: an application at the address its evidence names (an id is the host's choice, so the proxy is put there),
  /// taken through every state. bootInfos: {app, kms}. Gives {state: {hash, number, timestamp}}.
  async walk({ app, kms }) {
    const info = tupleOf(app);
    const { appId } = info;
    const states = {};
    const mark = async (state) => { states[state] = await this.mark(); };
    /// One setting turned off, the block kept, and on again.
    const without = async (state, off, on) => {
      await off();
      await mark(state);
      await on();
    };

    await this.setAppCode(appId, 'ERC1967Proxy');
    await this.pointProxy(appId, this.appImplementation);
    await this.appCall(appId, 'initialize', this.owner, false, false, info.deviceId, info.composeHash);
    await this.kmsCall('addOsImageHash', info.osImageHash);
    await mark('not-registered');
    await this.kmsCall('registerApp', appId);
    await mark('allowed');
    await without('compose-denied', () => this.appCall(appId, 'removeComposeHash', info.composeHash),
      () => this.appCall(appId, 'addComposeHash', info.composeHash));
    await without('device-denied', () => this.appCall(appId, 'removeDevice', info.deviceId), async () => {
      await this.appCall(appId, 'setAllowAnyDevice', true);
      await mark('any-device');
      await this.appCall(appId, 'setAllowAnyDevice', false);
      await this.appCall(appId, 'addDevice', info.deviceId);
    });
    await without('os-image-denied', () => this.kmsCall('removeOsImageHash', info.osImageHash),
      () => this.kmsCall('addOsImageHash', info.osImageHash));
    await without('tcb-required', () => this.appCall(appId, 'setRequireTcbUpToDate', true),
      () => this.appCall(appId, 'setRequireTcbUpToDate', false));
    await without('no-code', () => this.setAppCode(appId, null), () => this.setAppCode(appId, 'ERC1967Proxy'));

    // Whoever owns the application may put other code behind its proxy.
    for (const [state, name] of [['impostor', 'PermissiveImpostor'], ['short-return', 'ShortReturn'], ['gas-burner', 'GasBurner']]) {
      await without(state, () => this.pointProxy(appId, this.hostile[name]), () => this.pointProxy(appId, this.appImplementation));
    }

    const kmsInfo = tupleOf(kms);
    await this.kmsCall('addKmsDevice', kmsInfo.deviceId);
    await mark('kms-mr-denied');
    await this.kmsCall('addKmsAggregatedMr', kmsInfo.mrAggregated);
    await mark('kms-allowed');
    await without('kms-device-denied', () => this.kmsCall('removeKmsDevice', kmsInfo.deviceId),
      () => this.kmsCall('addKmsDevice', kmsInfo.deviceId));
    return states;
  }

  /// One made by the KMS itself, as dstack's deployment does; gives its address, which is its app id.
  async createApp(allowAnyDevice, deviceId, composeHash) {
    const receipt = await this.kmsCall('deployAndRegisterApp', this.owner, false, allowAnyDevice, deviceId, composeHash);
    const created = await this.node.rpc('web3_sha3', hex(Buffer.from('AppCreated(address,address)')));
    return '0x' + receipt.logs.find((log) => log.topics[0] === created).topics[1].slice(26);
  }

  /// Applications that only a boot info on its own can name: anyone may register anything.
  async registerOddities(info) {
    const { rpc } = this.node;
    const cancunApp = await this.create('CancunApp', withPrefix(info.composeHash));
    await rpc('anvil_setCode', this.delegated, '0xef0100' + this.hostile.PermissiveImpostor.slice(2));
    const oddities = {
      recursion: this.kms, bare: this.appImplementation, cancun: cancunApp, delegated: this.delegated,
      shortReturn: this.hostile.ShortReturn, gasBurner: this.hostile.GasBurner,
    };
    for (const appId of Object.values(oddities)) {
      await this.send(this.stranger, this.kms, encodeCall(this.contracts.PolicyKms, 'registerApp', [appId]));
    }
    oddities.factory = await this.createApp(true, ZERO_HASH, withPrefix(info.composeHash));
    return { appIds: oddities, block: await this.mark() };
  }

  /// What the node itself says, unverified: for comparing.
  async ask(view, bootInfo, blockNumber) {
    const data = encodeCall(this.contracts.PolicyKms, view === 'kms' ? 'isKmsAllowed' : 'isAppAllowed', [tupleOf(bootInfo)]);
    return this.node.rpc('eth_call', { to: this.kms, data, gas: hexNumber(16_000_000) }, hexNumber(blockNumber));
  }
}
