// The call that puts a boot info to the KMS contract. usage: node calldata.mjs BUILD-FOLDER BOOT-INFO app|kms
import fs from 'node:fs';
import path from 'node:path';
import { encodeCall } from './abi.mjs';
import { tupleOf } from './deploy.mjs';

const [folder, file, view] = process.argv.slice(2);
const { contracts } = JSON.parse(fs.readFileSync(path.join(folder, 'contracts.json'), 'utf8'));
const bootInfo = JSON.parse(fs.readFileSync(file, 'utf8'));
console.log(encodeCall(contracts.PolicyKms, view === 'kms' ? 'isKmsAllowed' : 'isAppAllowed', [tupleOf(bootInfo)]));
