// Solidity's contract ABI (encoding only), for the types that stand in a contract's ABI description.

const word = (number) => BigInt.asUintN(256, BigInt(number)).toString(16).padStart(64, '0');
const strip = (hex) => hex.replace(/^0x/, '').toLowerCase();

function isDynamic({ type, components }) {
  if (type === 'string' || type === 'bytes' || type.endsWith('[]')) return true;
  return type === 'tuple' && components.some(isDynamic);
}

function encodeBytes(hex) {
  const length = hex.length / 2;
  return word(length) + hex.padEnd(Math.ceil(length / 32) * 64, '0');
}

function encodeValue(parameter, value) {
  const { type } = parameter;
  if (type.endsWith('[]')) {
    const element = { ...parameter, type: type.slice(0, -2) };
    return word(value.length) + encodeSequence(value.map(() => element), value);
  }
  if (type === 'tuple') {
    const { components } = parameter;
    return encodeSequence(components, components.map(({ name }) => value[name]));
  }
  if (type === 'string') return encodeBytes(Buffer.from(value, 'utf8').toString('hex'));
  if (type === 'bytes') return encodeBytes(strip(value));
  if (type === 'bool') return word(value ? 1 : 0);
  if (/^u?int\d+$/.test(type)) return word(value);
  const width = type === 'address' ? 20 : Number(/^bytes(\d+)$/.exec(type)?.[1]);
  const hex = strip(value);
  if (hex.length !== width * 2) throw new Error(`${type} of ${hex.length / 2} bytes`);
  return type === 'address' ? hex.padStart(64, '0') : hex.padEnd(64, '0');
}

/// Heads in a row, dynamic ones as offsets, then the tails.
function encodeSequence(parameters, values) {
  if (parameters.length !== values.length) throw new Error(`${values.length} values for ${parameters.length} parameters`);
  const bodies = parameters.map((parameter, i) => encodeValue(parameter, values[i]));
  const headSize = parameters.reduce((sum, p, i) => sum + (isDynamic(p) ? 32 : bodies[i].length / 2), 0);
  let heads = '';
  let tails = '';
  parameters.forEach((parameter, i) => {
    if (isDynamic(parameter)) {
      heads += word(headSize + tails.length / 2);
      tails += bodies[i];
    } else {
      heads += bodies[i];
    }
  });
  return heads + tails;
}

const signatureType = ({ type, components }) => (
  type.startsWith('tuple') ? `(${components.map(signatureType).join(',')})${type.slice(5)}` : type);

/// encodeCall: an overloaded function is picked by the number of its arguments.
export function encodeCall(contract, name, args) {
  const entry = contract.abi.find((item) => item.type === 'function' && item.name === name && item.inputs.length === args.length);
  if (!entry) throw new Error(`no function ${name} with ${args.length} arguments`);
  const selector = contract.selectors[`${name}(${entry.inputs.map(signatureType).join(',')})`];
  return '0x' + selector + encodeSequence(entry.inputs, args);
}

/// encodeDeploy: creation code and the constructor's arguments.
export function encodeDeploy(contract, args) {
  const inputs = contract.abi.find((item) => item.type === 'constructor')?.inputs ?? [];
  return contract.bytecode + encodeSequence(inputs, args);
}

/// decodeDecision: (bool, string) as isAppAllowed and isKmsAllowed return it.
export function decodeDecision(data) {
  const bytes = Buffer.from(strip(data), 'hex');
  const at = Number(BigInt('0x' + bytes.subarray(32, 64).toString('hex')));
  const length = Number(BigInt('0x' + bytes.subarray(at, at + 32).toString('hex')));
  return { isAllowed: bytes[31] === 1, reason: bytes.subarray(at + 32, at + 32 + length).toString('utf8') };
}
