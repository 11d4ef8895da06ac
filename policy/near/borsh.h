/*
 * borsh: the binary encoding of NEAR's structures (borsh.io): little-endian integers, u32 lengths.
 * Reading goes through base/cur; a length is checked against what is left before it is used.
 */
#ifndef BOOTGATE_POLICY_NEAR_BORSH_H
#define BOOTGATE_POLICY_NEAR_BORSH_H

#include "base/arena.h"
#include "base/cur.h"
#include "base/hash.h"

/* borsh_bytes: u32 length and that many bytes, at most max; sets c->bad otherwise. */
struct bytes borsh_bytes(struct cur *c, size_t max);
/* borsh_bool: one byte, 0 or 1; anything else sets c->bad. */
bool borsh_bool(struct cur *c);
/* u128: NEAR's balances, yoctoNEAR. */
__extension__ typedef unsigned __int128 u128;
u128 borsh_u128(struct cur *c);

/* struct borsh_out: writes into memory of the caller's; `bad` once it was too small. */
struct borsh_out {
    uint8_t *p;
    size_t n, cap;
    bool bad;
};
void borsh_put(struct borsh_out *o, struct bytes raw);
void borsh_put_u8(struct borsh_out *o, uint8_t v);
void borsh_put_u32(struct borsh_out *o, uint32_t v);
void borsh_put_u64(struct borsh_out *o, uint64_t v);
void borsh_put_u128(struct borsh_out *o, u128 v);
void borsh_put_bytes(struct borsh_out *o, struct bytes v); /* with its length */

/* u128_read: a decimal string without sign or leading zeros. */
bool u128_read(struct bytes decimal, u128 *out) MUST_CHECK;

#endif
