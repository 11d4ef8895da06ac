// What the devnet test stands on: the net with the contracts, an app of its own on them, and evidence of a machine
// that runs this app. BUILD/tools/mkbundle makes the evidence, so its root of trust is the tests' own.
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { decodeDecision } from '../chain/abi.mjs';
import { bootInfoOf } from '../chain/bootinfo.mjs';
import { Deployment, tupleOf } from '../chain/deploy.mjs';
import { CHAIN_ID, Net } from './net.mjs';

export class World {
  constructor(build, folder) {
    Object.assign(this, { build, folder });
  }

  /// The net, as far as its first finalized block and the KMS. One-second slots are tight on a loaded machine: if nothing
  /// becomes final, once more with longer ones.
  async start(say) {
    for (const secondsPerSlot of [1, 2]) {
      const folder = path.join(this.folder, `net-${secondsPerSlot}`);
      this.net = new Net({ modules: path.join(this.build, 'devnet'), folder, secondsPerSlot });
      try {
        await this.net.startExecution();
        say('execution client');
        await this.net.startConsensus();
        say('consensus client, first block');
        this.deployment = new Deployment(this.net, path.join(this.build, 'chain'));
        await this.deployment.start();
        await this.registerApp();
        say('contracts');
        this.checkpoint = await this.net.checkpoint(120 * secondsPerSlot);
        this.network = await this.net.network();
        say('first finality');
        return;
      } catch (error) {
        await this.net.stop();
        if (secondsPerSlot === 2) throw error;
        console.log(`again, with slots of 2 seconds: ${error.message}`);
      }
    }
  }

  /// The app is made by the KMS contract, and only then has an id: first the measurements, then the app, then the evidence.
  async registerApp() {
    const { deployment } = this;
    const draft = this.makeEvidence('draft');
    const { composeHash, deviceId, osImageHash } = tupleOf(draft.app);
    await deployment.kmsCall('addOsImageHash', osImageHash);
    this.appId = await deployment.createApp(false, deviceId, composeHash);
    this.composeHash = composeHash;
    this.evidence = this.makeEvidence('evidence', '--app-id', this.appId.slice(2));
    await deployment.kmsCall('addKmsDevice', deviceId);
    await deployment.kmsCall('addKmsAggregatedMr', tupleOf(this.evidence.kms).mrAggregated);
    this.block = Number(await this.net.rpc('eth_blockNumber'));
  }

  makeEvidence(name, ...options) {
    const folder = path.join(this.folder, name);
    fs.mkdirSync(folder, { recursive: true });
    const at = Math.floor(Date.now() / 1000);
    execFileSync(path.join(this.build, 'tools/mkbundle'), [folder, String(at), ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
    const file = path.join(folder, 'bundle.json');
    const { evidence } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const out = { file, root: path.join(folder, 'root.der') };
    for (const view of ['app', 'kms']) {
      out[view] = bootInfoOf(evidence, view, 'UpToDate');
      out[`${view}File`] = path.join(folder, `${view}.json`);
      fs.writeFileSync(out[`${view}File`], JSON.stringify(out[view]));
    }
    return out;
  }

  /// What the node itself says of the app, unverified: what the program must come to.
  async contractSays(view, number) {
    return decodeDecision(await this.deployment.ask(view, this.evidence[view], number));
  }

  /// One transaction, and the number of its block.
  async removeComposeHash() {
    return Number((await this.deployment.appCall(this.appId, 'removeComposeHash', this.composeHash)).blockNumber);
  }

  /// A configuration file. Members of `chain` and others replace these.
  config(name, { chain = {}, ...others } = {}) {
    const file = path.join(this.folder, `${name}.config`);
    fs.writeFileSync(file, JSON.stringify({
      chain: {
        source: 'ethereum', chain_id: CHAIN_ID, kms_contract: this.deployment.kms, network: this.network, checkpoint: this.checkpoint, ...chain,
      },
      rpc: [this.net.rpcUrl],
      beacon: [this.net.beaconUrl],
      policy: { app_id: this.appId, require_assurance: chain.head ?? 'finalized' },
      ...others,
    }, null, 1));
    return file;
  }
}
