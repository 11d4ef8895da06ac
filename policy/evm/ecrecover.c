#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "policy/eth/keccak.h"
#include "policy/evm/precompiles.h"

bool precompile_ecrecover(struct bytes in, uint8_t out[static 32])
{
    const secp256k1_context *ctx = secp256k1_context_static;
    secp256k1_ecdsa_recoverable_signature sig;
    secp256k1_pubkey key;
    uint8_t msg[128], point[65], digest[32];
    size_t len = sizeof point;
    precompile_pad(in, 0, msg, sizeof msg);
    /* Yellow Paper, appendix E.1: v is 27 or 28 as a whole word; s may be high here. */
    if (!mem_is_zero(msg + 32, 31) || (msg[63] != 27 && msg[63] != 28))
        return false;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(ctx, &sig, msg + 64, msg[63] - 27) ||
        !secp256k1_ecdsa_recover(ctx, &key, &sig, msg) ||
        !secp256k1_ec_pubkey_serialize(ctx, point, &len, &key, SECP256K1_EC_UNCOMPRESSED))
        return false;
    keccak256(bytes_of(point + 1, 64), digest);
    memset(out, 0, 12);
    memcpy(out + 12, digest + 12, 20);
    return true;
}
