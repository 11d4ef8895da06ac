#include "policy/evm/evm_gas.h"

#define BASE(in, out, gas)                                                                         \
    {                                                                                              \
        ETH_PARIS, (in), (out), (gas)                                                              \
    }

#define X4(m, from, n)                                                                             \
    [(from)] = m(n), [(from) + 1] = m((n) + 1), [(from) + 2] = m((n) + 2), [(from) + 3] = m((n) + 3)
#define X16(m, from, n)                                                                            \
    X4(m, (from), (n)), X4(m, (from) + 4, (n) + 4), X4(m, (from) + 8, (n) + 8),                    \
        X4(m, (from) + 12, (n) + 12)
#define PUSH(n) BASE(0, 1, 3)
#define DUP(n)  BASE((n), (n) + 1, 3)
#define SWAP(n) BASE((n) + 1, (n) + 1, 3)

const struct evm_op evm_ops[256] = {
    [0x00] = BASE(0, 0, 0),  /* STOP */
    [0x01] = BASE(2, 1, 3),  /* ADD */
    [0x02] = BASE(2, 1, 5),  /* MUL */
    [0x03] = BASE(2, 1, 3),  /* SUB */
    [0x04] = BASE(2, 1, 5),  /* DIV */
    [0x05] = BASE(2, 1, 5),  /* SDIV */
    [0x06] = BASE(2, 1, 5),  /* MOD */
    [0x07] = BASE(2, 1, 5),  /* SMOD */
    [0x08] = BASE(3, 1, 8),  /* ADDMOD */
    [0x09] = BASE(3, 1, 8),  /* MULMOD */
    [0x0a] = BASE(2, 1, 10), /* EXP */
    [0x0b] = BASE(2, 1, 5),  /* SIGNEXTEND */

    [0x10] = BASE(2, 1, 3),        /* LT */
    [0x11] = BASE(2, 1, 3),        /* GT */
    [0x12] = BASE(2, 1, 3),        /* SLT */
    [0x13] = BASE(2, 1, 3),        /* SGT */
    [0x14] = BASE(2, 1, 3),        /* EQ */
    [0x15] = BASE(1, 1, 3),        /* ISZERO */
    [0x16] = BASE(2, 1, 3),        /* AND */
    [0x17] = BASE(2, 1, 3),        /* OR */
    [0x18] = BASE(2, 1, 3),        /* XOR */
    [0x19] = BASE(1, 1, 3),        /* NOT */
    [0x1a] = BASE(2, 1, 3),        /* BYTE */
    [0x1b] = BASE(2, 1, 3),        /* SHL */
    [0x1c] = BASE(2, 1, 3),        /* SHR */
    [0x1d] = BASE(2, 1, 3),        /* SAR */
    [0x1e] = {ETH_OSAKA, 1, 1, 5}, /* CLZ: EIP-7939 */
    [0x20] = BASE(2, 1, 30),       /* KECCAK256 */

    [0x30] = BASE(0, 1, 2), /* ADDRESS */
    [0x31] = BASE(1, 1, 0), /* BALANCE: access cost */
    [0x32] = BASE(0, 1, 2), /* ORIGIN */
    [0x33] = BASE(0, 1, 2), /* CALLER */
    [0x34] = BASE(0, 1, 2), /* CALLVALUE */
    [0x35] = BASE(1, 1, 3), /* CALLDATALOAD */
    [0x36] = BASE(0, 1, 2), /* CALLDATASIZE */
    [0x37] = BASE(3, 0, 3), /* CALLDATACOPY */
    [0x38] = BASE(0, 1, 2), /* CODESIZE */
    [0x39] = BASE(3, 0, 3), /* CODECOPY */
    [0x3a] = BASE(0, 1, 2), /* GASPRICE */
    [0x3b] = BASE(1, 1, 0), /* EXTCODESIZE: access cost */
    [0x3c] = BASE(4, 0, 0), /* EXTCODECOPY: access cost */
    [0x3d] = BASE(0, 1, 2), /* RETURNDATASIZE */
    [0x3e] = BASE(3, 0, 3), /* RETURNDATACOPY */
    [0x3f] = BASE(1, 1, 0), /* EXTCODEHASH: access cost */

    [0x40] = BASE(1, 1, 20),        /* BLOCKHASH */
    [0x41] = BASE(0, 1, 2),         /* COINBASE */
    [0x42] = BASE(0, 1, 2),         /* TIMESTAMP */
    [0x43] = BASE(0, 1, 2),         /* NUMBER */
    [0x44] = BASE(0, 1, 2),         /* PREVRANDAO */
    [0x45] = BASE(0, 1, 2),         /* GASLIMIT */
    [0x46] = BASE(0, 1, 2),         /* CHAINID */
    [0x47] = BASE(0, 1, 5),         /* SELFBALANCE */
    [0x48] = BASE(0, 1, 2),         /* BASEFEE */
    [0x49] = {ETH_CANCUN, 1, 1, 3}, /* BLOBHASH: EIP-4844 */
    [0x4a] = {ETH_CANCUN, 0, 1, 2}, /* BLOBBASEFEE: EIP-7516 */

    [0x50] = BASE(1, 0, 2),           /* POP */
    [0x51] = BASE(1, 1, 3),           /* MLOAD */
    [0x52] = BASE(2, 0, 3),           /* MSTORE */
    [0x53] = BASE(2, 0, 3),           /* MSTORE8 */
    [0x54] = BASE(1, 1, 0),           /* SLOAD: access cost */
    [0x55] = BASE(2, 0, 0),           /* SSTORE: always a static violation */
    [0x56] = BASE(1, 0, 8),           /* JUMP */
    [0x57] = BASE(2, 0, 10),          /* JUMPI */
    [0x58] = BASE(0, 1, 2),           /* PC */
    [0x59] = BASE(0, 1, 2),           /* MSIZE */
    [0x5a] = BASE(0, 1, 2),           /* GAS */
    [0x5b] = BASE(0, 0, 1),           /* JUMPDEST */
    [0x5c] = {ETH_CANCUN, 1, 1, 100}, /* TLOAD: EIP-1153 */
    [0x5d] = {ETH_CANCUN, 2, 0, 100}, /* TSTORE: EIP-1153; always a static violation */
    [0x5e] = {ETH_CANCUN, 3, 0, 3},   /* MCOPY: EIP-5656 */
    [0x5f] = {ETH_SHANGHAI, 0, 1, 2}, /* PUSH0: EIP-3855 */

    X16(PUSH, 0x60, 1),
    X16(PUSH, 0x70, 17),
    X16(DUP, 0x80, 1),
    X16(SWAP, 0x90, 1),

    [0xa0] = BASE(2, 0, 0), /* LOG0 to LOG4: always a static violation */
    [0xa1] = BASE(3, 0, 0),
    [0xa2] = BASE(4, 0, 0),
    [0xa3] = BASE(5, 0, 0),
    [0xa4] = BASE(6, 0, 0),

    [0xf0] = BASE(3, 1, 0), /* CREATE: always a static violation */
    [0xf1] = BASE(7, 1, 0), /* CALL: access cost */
    [0xf2] = BASE(7, 1, 0), /* CALLCODE: access cost */
    [0xf3] = BASE(2, 0, 0), /* RETURN */
    [0xf4] = BASE(6, 1, 0), /* DELEGATECALL: access cost */
    [0xf5] = BASE(4, 1, 0), /* CREATE2: always a static violation */
    [0xfa] = BASE(6, 1, 0), /* STATICCALL: access cost */
    [0xfd] = BASE(2, 0, 0), /* REVERT */
    [0xff] = BASE(1, 0, 0), /* SELFDESTRUCT: always a static violation */
};
