// Writes allowed cases for tests/bench/near_bench.c: as many producers and shards as mainnet has, 0, 1,
// 10 and 100 epochs behind.       node near_cases.mjs TOOL DIR        (TOOL: build/tools/near_tool)
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Chain } from './chain.mjs';
import * as F from './format.mjs';

const [tool, dir] = process.argv.slice(2), PRODUCERS = 100, SHARDS = 10, EPOCH = 5;
const hex = (name, n = 32) => F.sha256(name).subarray(0, n).toString('hex');
const KMS = 'kms.demo.near', APP_ID = hex('app', 20), APP = `${APP_ID}.${KMS}`;
const keys = Array.from({ length: PRODUCERS + 3 }, (_, i) => F.keyOf(`bench ${i}`));
const producers = (epoch) => Array.from({ length: PRODUCERS }, (_, i) => {
  const who = i < 3 ? PRODUCERS + (epoch + i) % 3 : i;
  return { account_id: `validator-${who}.poolv1.near`, key: keys[who], public_key: `ed25519:${F.b58(keys[who].raw)}`, stake: `${1000 + i}${'0'.repeat(27)}` };
});
const usual = Array.from({ length: PRODUCERS }, (_, i) => i).slice(0, 70); // just over two thirds
for (const behind of [0, 1, 10, 100]) {
  const chain = new Chain({ producers, shards: SHARDS, epochBlocks: EPOCH });
  chain.setAccount(KMS, F.kmsEntries({ compose: [], apps: [APP], images: [hex('image')], mrs: [], devices: [], gateway: 'gw.near', info: { k256_pubkey: [2], ca_pubkey: [3], quote: Array(5000).fill(1), eventlog: Array(10000).fill(2) } }));
  chain.setAccount(APP, F.appEntries({ compose: [hex('compose')], devices: [hex('device')], kms: KMS }));
  for (let i = 0; i < 400; i += 1) chain.setAccount(`user-${i}.near`, [[Buffer.from('STATE'), F.sha256(`user ${i}`)]]);
  const target = behind ? EPOCH * (behind + 1) - 3 : 2;
  chain.mine(target + 3);
  const rpc = [], light = (from, to) => ({ method: 'next_light_client_block', params: { last_block_hash: F.b58(chain.blocks[from].hash) },
    result: chain.light(to, { withBps: chain.blocks[from].epoch !== chain.blocks[to].epoch, signers: usual }) });
  for (let at = 0; at < target;) {
    const next = Math.min(target, (chain.blocks[at].epoch + 2) * EPOCH - 3);
    rpc.push(light(at, next));
    at = next;
  }
  const question = { config: { checkpoint: chain.checkpoint(0), max_head_age: 600, contract_id: KMS }, now: chain.seconds(target) + 1, question: 'app', rpc,
    boot_info: { tcbStatus: 'UpToDate', mrAggregated: hex('mr'), osImageHash: hex('image'), mrSystem: hex('s'), appId: APP_ID, composeHash: hex('compose'), instanceId: hex('i', 20), deviceId: hex('device'), keyProviderInfo: '', advisoryIds: [] } };
  let said;
  for (let trips = 0; trips < 6; trips += 1) {
    const run = spawnSync(tool, [], { input: `${JSON.stringify(question)}\n`, maxBuffer: 1 << 26 });
    if (run.status !== 0) throw new Error(`${tool}: ${run.status} ${run.stderr}`);
    said = JSON.parse(run.stdout.toString());
    if (said.say !== 'undecided') break;
    for (const need of said.needs.filter((n) => n.hard)) {
      const [method, params] = Chain.question(need);
      rpc.push({ method, params, result: chain.rpc(method, params) });
    }
  }
  if (said.say !== 'allows' || said.epochs !== behind) throw new Error(`${behind} epochs: ${said.say} ${said.code} ${said.last_bad} ${said.epochs}`);
  writeFileSync(`${dir}/${behind}.json`, JSON.stringify(question));
}
