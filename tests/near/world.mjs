// near-kms' two contracts on the tests' chain, with everything that allows one app and one KMS.
import { Chain } from './chain.mjs';
import { appEntries, kmsEntries, sha256 } from './format.mjs';

export const hex = (name, n = 32) => sha256(name).subarray(0, n).toString('hex');
export const KMS = 'kms.demo.near';
export const bootInfo = { tcbStatus: 'UpToDate', mrAggregated: hex('mr'), osImageHash: hex('image'), mrSystem: hex('system'), appId: hex('app', 20),
  composeHash: hex('compose'), instanceId: hex('instance', 20), deviceId: hex('device'), keyProviderInfo: '', advisoryIds: [] };
// The states that allow a boot (hex may have 0x before it, which the chain never has).
const bare = (text) => text.replace(/^0x/, '').toLowerCase();
export const appAccount = (boot = bootInfo, kms = KMS) => `${bare(boot.appId)}.${kms}`;
export const kmsState = (boot = bootInfo, kms = KMS) => ({ compose: [hex('kms compose')], apps: [`other.${kms}`, appAccount(boot, kms)], images: [hex('old image'), bare(boot.osImageHash)],
  mrs: [bare(boot.mrAggregated)], devices: [bare(boot.deviceId), hex('x')], gateway: 'gw.near' });
export const appState = (boot = bootInfo, kms = KMS) => ({ compose: [bare(boot.composeHash), hex('compose 2')], devices: [bare(boot.deviceId)], anyDevice: false, kms });
// world: as many blocks, the newest final one is the last but two. app: null for none.
// kmsRaw, appRaw(key, value): may give another [key, value] to store.
export function world({ account = KMS, kms = kmsState(), app = appState(), name = appAccount(), blocks = 9, kmsRaw, appRaw, epochBlocks = 20, ...rest } = {}) {
  const chain = new Chain({ epochBlocks, ...rest });
  const raw = (entries, change) => (change ? entries.map(([k, v]) => (change(k, v) ?? [k, v])) : entries);
  chain.setAccount(account, raw(kmsEntries(kms), kmsRaw));
  if (app) chain.setAccount(name, raw(appEntries(app), appRaw));
  return chain.mine(blocks);
}
