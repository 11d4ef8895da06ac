// Compiles the policy contracts and the hostile ones with the pinned compiler, offline.
// usage: node compile.mjs FOLDER      FOLDER has node_modules; contracts.json is written there
// The output is kept as long as the sources and the settings stay the same.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.resolve(process.argv[2] ?? path.join(here, '../../build/chain'));
const sourcesFolder = path.join(here, 'contracts');
const outputFile = path.join(folder, 'contracts.json');

// Shanghai runs on every fork that is tested; one contract is about Cancun's opcodes.
const BUILDS = [
  { evmVersion: 'shanghai', sources: ['PolicyKms.sol', 'PolicyApp.sol', 'hostile/ShortReturn.sol',
    'hostile/GasBurner.sol', 'hostile/PermissiveImpostor.sol'] },
  { evmVersion: 'cancun', sources: ['hostile/CancunApp.sol'] },
];
const WANTED = ['PolicyKms', 'PolicyApp', 'ERC1967Proxy', 'ShortReturn', 'GasBurner', 'PermissiveImpostor', 'CancunApp'];

function readSource(name) {
  for (const root of [sourcesFolder, path.join(folder, 'node_modules')]) {
    const file = path.join(root, name);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, 'utf8') };
  }
  return { error: `not found: ${name}` };
}

/// A digest of all that the output depends on; the libraries' versions stand in package.json.
function inputDigest() {
  const hash = crypto.createHash('sha256');
  for (const file of [fileURLToPath(import.meta.url), path.join(here, 'package.json')]) hash.update(fs.readFileSync(file));
  const walk = (directory) => fs.readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .forEach((entry) => {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) walk(file);
      else hash.update(entry.name).update(fs.readFileSync(file));
    });
  walk(sourcesFolder);
  return hash.digest('hex');
}

function compile(solc, { evmVersion, sources }) {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(sources.map((name) => [name, { content: readSource(name).contents }])),
    settings: {
      evmVersion,
      optimizer: { enabled: true, runs: 200 },
      // Without the source hash the code depends on the code alone, not on comments or file names.
      metadata: { bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.methodIdentifiers'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readSource }));
  const problems = output.errors ?? [];
  if (problems.some((problem) => problem.severity === 'error')) {
    throw new Error(problems.map((problem) => problem.formattedMessage).join('\n'));
  }
  return Object.values(output.contracts).flatMap((contracts) => Object.entries(contracts));
}

const digest = inputDigest();
const kept = fs.existsSync(outputFile) ? JSON.parse(fs.readFileSync(outputFile, 'utf8')) : null;
if (kept?.digest !== digest) {
  const solc = createRequire(path.join(folder, 'package.json'))('solc');
  const contracts = {};
  for (const build of BUILDS) {
    for (const [name, contract] of compile(solc, build)) {
      if (!WANTED.includes(name) || contracts[name]) continue;
      contracts[name] = {
        abi: contract.abi,
        selectors: contract.evm.methodIdentifiers,
        bytecode: '0x' + contract.evm.bytecode.object,
        deployedBytecode: '0x' + contract.evm.deployedBytecode.object,
      };
    }
  }
  const temporary = `${outputFile}.${process.pid}`;
  fs.writeFileSync(temporary, JSON.stringify({ digest, compiler: solc.version(), contracts }));
  fs.renameSync(temporary, outputFile);
}
