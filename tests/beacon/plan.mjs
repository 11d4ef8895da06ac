// When things happen: two networks over one execution chain, one for each preset. The contracts are deployed shortly before
// the clock's time AT, in the same period of both; there are a few empty blocks in the BEFORE periods before (three, unless
// said otherwise), and so that the checkpoint is in Deneb, what follows in Electra, and the head in Fulu.
// usage: node plan.mjs AT [BEFORE]      prints {at, before, deployed, every, past, networks: {mainnet, minimal}}
const SECONDS = 12;
/// slots of an epoch, epochs of a period, slot of the deployment in its period
const PRESETS = { mainnet: [32, 256, 100], minimal: [8, 8, 5] };
const VERSIONS = ['phase0', 'altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu'];

export function plan(at, before = 3) {
  const head = before + 7;
  const deployed = at - 1800;
  const networks = {};
  const past = [];
  for (const [preset, [slots, epochs, offset]] of Object.entries(PRESETS)) {
    const period = slots * epochs;
    const genesisTime = deployed - (head * period + offset) * SECONDS;
    for (let p = head - before; p < head; p += 1) {
      for (const epoch of [1, 2, 3]) past.push(genesisTime + (p * period + epoch * slots) * SECONDS);
    }
    const epochOf = { electra: (head - 2) * epochs, fulu: (head - 1) * epochs };
    networks[preset] = {
      preset, seconds_per_slot: SECONDS, genesis_time: genesisTime,
      genesis_validators_root: '0x' + (preset === 'mainnet' ? '4b' : '5c').repeat(32),
      forks: VERSIONS.map((name, i) => ({ name, version: `0x${preset === 'mainnet' ? '7' : '6'}00000${i}${i}`.slice(0, 10), epoch: epochOf[name] ?? 0 })),
    };
  }
  past.sort((a, b) => a - b);
  return { at, before, deployed, every: SECONDS, past, networks };
}

if (process.argv[1].endsWith('plan.mjs')) console.log(JSON.stringify(plan(...process.argv.slice(2).map(Number)), null, 1));
