// A beacon chain of the tests' own on loopback: Lodestar (minimal preset, Capella, 8 validators) over @ethereumjs/client.
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, rpcTo, sleep } from '../chain/node.mjs';
import { Wallet } from './wallet.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const CHAIN_ID = 31337;
/// Minimal preset: slots that a sync committee serves.
export const PERIOD = 64;
export const LIGHT_CLIENT = '/eth/v1/beacon/light_client';

/// until(what, seconds, probe) asks until there is an answer that is not null, undefined or false. A probe that throws
/// counts as no answer; the last complaint is in the message.
export async function until(what, seconds, probe) {
  const end = Date.now() + seconds * 1000;
  let complaint = '';
  for (;;) {
    try {
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      if (error.fatal) throw error;
      complaint = `: ${error.message}`;
    }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}${complaint}`);
    await sleep(200);
  }
}

/// A process that dies with this one, whatever ends it (util-linux's setpriv asks the kernel for that).
class Client {
  constructor(name, args, { folder, env }) {
    this.name = name;
    this.log = path.join(folder, `${name}.log`);
    const output = fs.openSync(this.log, 'a');
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...args.map(String)],
      { cwd: folder, stdio: ['ignore', output, output], env: { ...process.env, HOME: folder, ...env } });
    fs.closeSync(output);
    this.gone = new Promise((resolve) => { this.child.on('exit', resolve); });
    this.child.on('error', (error) => { this.problem = error; });
    process.on('exit', () => this.child.kill('SIGKILL'));
  }

  assertAlive() {
    if (!this.problem && this.child.exitCode === null && this.child.signalCode === null) return;
    const lines = fs.readFileSync(this.log, 'utf8').trimEnd().split('\n');
    const why = this.problem?.message ?? lines.find((line) => /error:/i.test(line)) ?? lines.at(-1);
    throw Object.assign(new Error(`the ${this.name} client ended: ${why} (${this.log})`), { fatal: true });
  }

  /// SIGKILL: nothing that these write is wanted afterwards.
  stop() {
    this.child.kill('SIGKILL');
    return this.gone;
  }
}

export class Net {
  /// modules: as setup.sh made it; folder: for data and logs of this run.
  constructor({ modules, folder, secondsPerSlot }) {
    Object.assign(this, { modules, folder, secondsPerSlot });
    this.wallet = new Wallet(modules, CHAIN_ID);
    fs.mkdirSync(folder, { recursive: true });
    this.jwt = path.join(folder, 'jwt.hex');
    fs.writeFileSync(this.jwt, '0x' + 'ab'.repeat(32), { mode: 0o600 });
  }

  async startExecution() {
    const { folder } = this;
    const genesis = JSON.parse(fs.readFileSync(path.join(here, 'genesis.json'), 'utf8'));
    const file = path.join(folder, 'genesis.json');
    fs.writeFileSync(file, JSON.stringify({ ...genesis, alloc: this.wallet.allocation() }));
    const data = path.join(folder, 'execution');
    fs.mkdirSync(data, { recursive: true });
    const [port, enginePort] = [await freePort(), await freePort()];
    this.execution = new Client('execution', [
      path.join(this.modules, 'execution/node_modules/@ethereumjs/client/dist/esm/bin/cli.js'), '--dataDir', data, '--gethGenesis', file,
      '--rpc', '--rpcAddr', '127.0.0.1', '--rpcPort', port,
      '--rpcEngine', '--rpcEngineAddr', '127.0.0.1', '--rpcEnginePort', enginePort, '--jwtSecret', this.jwt,
      '--sync', 'none', '--isSingleNode', '--saveReceipts', '--txLookupLimit', '0',
      '--discV4', 'false', '--discDns', 'false', '--port', '0', '--logLevel', 'warn'], { folder });
    this.rpcUrl = `http://127.0.0.1:${port}`;
    this.engineUrl = `http://127.0.0.1:${enginePort}`;
    this.bareRpc = rpcTo(this.rpcUrl);
    this.rpc = this.wallet.over(this.bareRpc);
    await until('the execution client answers', 60, async () => {
      this.execution.assertAlive();
      return Number(await this.rpc('eth_chainId')) === CHAIN_ID;
    });
  }

  async startConsensus() {
    const { folder, secondsPerSlot } = this;
    const genesis = await this.rpc('eth_getBlockByNumber', '0x0', false);
    const [port, peerPort] = [await freePort(), await freePort()];
    this.beaconUrl = `http://127.0.0.1:${port}`;
    this.consensus = new Client('consensus', [
      path.join(this.modules, 'consensus/node_modules/@chainsafe/lodestar/lib/index.js'), 'dev', '--dataDir', path.join(folder, 'consensus'),
      '--genesisEth1Hash', genesis.hash, '--genesisValidators', 8, '--startValidators', '0..7',
      '--params.ALTAIR_FORK_EPOCH', 0, '--params.BELLATRIX_FORK_EPOCH', 0, '--params.CAPELLA_FORK_EPOCH', 0,
      '--params.SECONDS_PER_SLOT', secondsPerSlot, '--params.TERMINAL_TOTAL_DIFFICULTY', 0, '--terminal-total-difficulty-override', 0,
      '--eth1', 'false', '--execution.urls', this.engineUrl, '--jwt-secret', this.jwt,
      // Without --server the validators look for a fixed port and make no block.
      '--rest', '--rest.namespace', '*', '--rest.port', port, '--server', this.beaconUrl,
      '--suggestedFeeRecipient', '0x' + '22'.repeat(20), '--listenAddress', '127.0.0.1', '--port', peerPort, '--logLevel', 'warn'], {
      folder, env: { LODESTAR_PRESET: 'minimal', NODE_BACKEND: 'js', NODE_OPTIONS: `--require ${path.join(here, 'polyfill.cjs')}` },
    });
    const { genesis_time: time } = await until('the consensus client answers', 60, () => this.get('/eth/v1/beacon/genesis'));
    this.genesisTime = Number(time);
    await until('a first block', 60, async () => Number(await this.rpc('eth_blockNumber')) >= 1);
  }

  assertAlive() {
    this.execution.assertAlive();
    this.consensus.assertAlive();
  }

  /// The `data` of a REST answer, or null while there is none.
  async get(route) {
    this.assertAlive();
    const answer = await fetch(this.beaconUrl + route, { signal: AbortSignal.timeout(20_000) });
    const text = await answer.text();
    return answer.status === 200 ? JSON.parse(text).data : null;
  }

  /// The finalized header as the light client is served it, once its execution block is at least `number` and its slot
  /// behind `slot`.
  finalized(number, seconds, slot = 0) {
    return until(`block ${number} is finalized`, seconds, async () => {
      const update = await this.get(`${LIGHT_CLIENT}/finality_update`);
      const header = update?.finalized_header;
      return Number(header?.execution?.block_number ?? 0) >= number && Number(header.beacon.slot) > slot && header;
    });
  }

  /// Until finality is signed by another sync committee than the one of `slot`: from there a light client needs an update.
  otherCommittee(slot, seconds) {
    return until('another committee signs finality', seconds, async () => {
      const update = await this.get(`${LIGHT_CLIENT}/finality_update`);
      return Math.floor(Number(update?.signature_slot) / PERIOD) > Math.floor(slot / PERIOD);
    });
  }

  /// The header that the committee signed last, once its block is at least `number`.
  attested(number, seconds) {
    return until(`block ${number} is attested`, seconds, async () => {
      const update = await this.get(`${LIGHT_CLIENT}/optimistic_update`);
      const header = update?.attested_header;
      return Number(header?.execution?.block_number ?? 0) >= number && header;
    });
  }

  /// {root, slot} of the block that is finalized now, once a light client can begin there and has a head to go to: the
  /// finality update that is served lags behind.
  checkpoint(seconds = 60) {
    return until('a bootstrap for the finalized block', seconds, async () => {
      const { finalized } = await this.get('/eth/v1/beacon/states/head/finality_checkpoints');
      if (Number(finalized.epoch) === 0) return null;
      const bootstrap = await this.get(`${LIGHT_CLIENT}/bootstrap/${finalized.root}`);
      const update = bootstrap && await this.get(`${LIGHT_CLIENT}/finality_update`);
      const slot = Number(bootstrap?.header.beacon.slot);
      return Number(update?.finalized_header.beacon.slot) >= slot && { root: finalized.root, slot };
    });
  }

  slotNow() {
    return Math.floor((Date.now() / 1000 - this.genesisTime) / this.secondsPerSlot);
  }

  /// Waits where the sync committee is about to change, or just has: what is counted there is not what is usual.
  quiet() {
    return until('the change of the sync committee is over', 30 * this.secondsPerSlot, async () => {
      const slot = this.slotNow() % PERIOD;
      return slot >= 4 && slot < PERIOD - 10;
    });
  }

  /// The network as a configuration describes it.
  async network() {
    const { genesis_time: time, genesis_validators_root: root } = await this.get('/eth/v1/beacon/genesis');
    const spec = await this.get('/eth/v1/config/spec');
    return {
      preset: spec.PRESET_BASE, seconds_per_slot: Number(spec.SECONDS_PER_SLOT), genesis_time: Number(time), genesis_validators_root: root,
      forks: ['altair', 'bellatrix', 'capella'].map((name) => (
        { name, version: spec[`${name.toUpperCase()}_FORK_VERSION`], epoch: Number(spec[`${name.toUpperCase()}_FORK_EPOCH`]) })),
    };
  }

  async stop() {
    await Promise.all([this.consensus?.stop(), this.execution?.stop()]);
  }
}
