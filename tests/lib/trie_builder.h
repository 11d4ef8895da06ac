/*
 * trie_builder: makes Merkle-Patricia tries and their proofs for tests, from the definition (Yellow
 * Paper, appendices B to D). Shares nothing with policy/eth but Keccak, so that one can test the
 * other. Nothing here fails: without memory the test aborts.
 */
#ifndef BOOTGATE_TESTS_TRIE_BUILDER_H
#define BOOTGATE_TESTS_TRIE_BUILDER_H

#include "base/arena.h"

/* RLP written from items that are already written; results live in the arena. */
struct bytes enc_string(struct arena *a, struct bytes s);
struct bytes enc_number(struct arena *a, uint64_t v);
/* enc_integer: big-endian of any width, leading zeros dropped. */
struct bytes enc_integer(struct arena *a, struct bytes big_endian);
struct bytes enc_list(struct arena *a, const struct bytes *items, size_t n);
struct bytes enc_bytes(struct arena *a, const void *p, size_t n); /* a copy */

struct trie;

struct trie *trie_new(void);
void trie_free(struct trie *t);
/* trie_put sets a key; an empty value removes it. Keys of one trie may differ in length. */
void trie_put(struct trie *t, struct bytes key, struct bytes value);
/* trie_put_hashed: the key is keccak256 of what is given, as in state and storage tries. */
void trie_put_hashed(struct trie *t, struct bytes preimage, struct bytes value);
size_t trie_count(const struct trie *t);
void trie_root(struct trie *t, uint8_t out[static 32]);

enum { TRIE_PROOF_MAX = 66 };
/*
 * trie_proof fills out with the nodes on the key's path, root first, as eth_getProof gives them
 * (geth trie/proof.go: nodes inside their parent are left out), and returns how many. inlined: list
 * those too, as some servers do. Views live until the trie is freed.
 */
size_t trie_proof(struct trie *t, struct bytes key, bool inlined,
                  struct bytes out[static TRIE_PROOF_MAX]);
size_t trie_proof_hashed(struct trie *t, struct bytes preimage, bool inlined,
                         struct bytes out[static TRIE_PROOF_MAX]);

#endif
