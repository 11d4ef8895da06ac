#include "policy/eth/mpt.h"

#include "base/limits.h"
#include "policy/eth/keccak.h"
#include "policy/eth/rlp.h"

/* Yellow Paper, appendix D: TRIE of the empty set is KEC(RLP(())). */
const uint8_t mpt_empty_root[32] = {
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21,
};
/* Yellow Paper, section 4.1: KEC(()), the code hash of a simple account. */
const uint8_t eth_empty_code_hash[32] = {
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70,
};

#define KEY_NIBBLES  64u
#define HASH_LEN     32u
#define BRANCH_ITEMS 17u
#define BRANCH_VALUE 16u
#define MAX_HP_BYTES 33u /* a flag byte and 64 nibbles */

/* struct walk: where we are: pos nibbles of our key are used up, and the first `next` nodes. */
struct walk {
    const uint8_t *key;
    const struct bytes *nodes;
    size_t num_nodes, next, pos;
};

static unsigned nibble(const uint8_t *p, size_t i)
{
    return i % 2 ? p[i / 2] & 15u : p[i / 2] >> 4;
}

/* take_hashed takes the next node given, which must be the one with this hash. */
static enum rc take_hashed(struct walk *w, const uint8_t *hash, struct bytes *out, struct err *err)
{
    if (w->next == w->num_nodes)
        return err_set(err, BG_MPT_NODE_MISSING, "%zu nodes given, the path goes on at nibble %zu",
                       w->num_nodes, w->pos);
    struct bytes node = w->nodes[w->next];
    if (node.n > LIMIT_PROOF_NODE)
        return err_set(err, BG_MPT_NODE_SIZE, "node %zu has %zu bytes", w->next, node.n);
    uint8_t got[HASH_LEN];
    keccak256(node, got);
    if (memcmp(got, hash, HASH_LEN) != 0)
        return err_set(err, BG_MPT_NODE_HASH, "node %zu is not the one its parent names", w->next);
    /* Appendix D, n(I, i): what is shorter than a hash stands in its parent; only the root may be.
     */
    if (node.n < HASH_LEN && w->next > 0)
        return err_set(err, BG_MPT_NODE_SHORT, "node %zu has %zu bytes", w->next, node.n);
    w->next++;
    *out = node;
    return RC_OK;
}

/* child_ok: a hash, a whole node shorter than one, or (in a branch) nothing. */
static bool child_ok(const struct rlp_item *it, bool may_be_empty)
{
    if (it->list)
        return it->raw.n < HASH_LEN;
    return it->body.n == HASH_LEN || (it->body.n == 0 && may_be_empty);
}

/* take_child goes down to a child that is not empty. */
static enum rc take_child(struct walk *w, const struct rlp_item *it, struct bytes *out,
                          struct err *err)
{
    if (!it->list)
        return take_hashed(w, it->body.p, out, err);
    /*
     * A node inside its parent is proven with it. Some servers list it once more by itself; then
     * it must be the same bytes, and counts as used. geth (trie/proof.go, Prove) leaves it out.
     */
    if (w->next < w->num_nodes && bytes_eq(w->nodes[w->next], it->raw))
        w->next++;
    *out = it->raw;
    return RC_OK;
}

/* struct hp: a hex-prefix path (Yellow Paper, appendix C). skip: nibbles before the path itself. */
struct hp {
    struct bytes raw;
    size_t skip, n;
    bool leaf;
};

static bool hp_read(const struct rlp_item *it, struct hp *out)
{
    if (it->list || it->body.n == 0 || it->body.n > MAX_HP_BYTES)
        return false;
    unsigned flag = nibble(it->body.p, 0);
    if (flag > 3 || (flag % 2 == 0 && nibble(it->body.p, 1) != 0))
        return false;
    size_t skip = flag % 2 ? 1 : 2;
    *out = (struct hp){it->body, skip, 2 * it->body.n - skip, flag >= 2};
    return true;
}

/* hp_matches: the path is what our key goes on with; pos + n <= KEY_NIBBLES was checked. */
static bool hp_matches(const struct hp *hp, const struct walk *w)
{
    for (size_t i = 0; i < hp->n; i++)
        if (nibble(hp->raw.p, hp->skip + i) != nibble(w->key, w->pos + i))
            return false;
    return true;
}

/* struct step: what one node says about our key: a child to go to, a value, or neither: absent. */
struct step {
    bool down, found;
    struct rlp_item child;
    struct bytes value;
};

static enum rc step_branch(struct walk *w, const struct rlp_item *it, struct step *out,
                           struct err *err)
{
    if (w->pos == KEY_NIBBLES)
        return err_set(err, BG_MPT_TOO_DEEP, "a branch below the last nibble");
    for (size_t i = 0; i < BRANCH_VALUE; i++)
        if (!child_ok(&it[i], true))
            return err_set(err, BG_MPT_BRANCH_CHILD, "child %zu at nibble %zu", i, w->pos);
    /* All keys of a state or storage trie are 64 nibbles long: none can end in a branch. */
    if (it[BRANCH_VALUE].list || it[BRANCH_VALUE].body.n != 0)
        return err_set(err, BG_MPT_BRANCH_VALUE, "at nibble %zu", w->pos);
    out->child = it[nibble(w->key, w->pos)];
    w->pos++;
    out->down = out->child.list || out->child.body.n != 0;
    return RC_OK;
}

static enum rc step_leaf(struct walk *w, const struct hp *hp, const struct rlp_item *value,
                         struct step *out, struct err *err)
{
    if (w->pos + hp->n != KEY_NIBBLES)
        return err_set(err, BG_MPT_LEAF_PATH, "%zu nibbles at nibble %zu", hp->n, w->pos);
    if (value->list || value->body.n == 0)
        return err_set(err, BG_MPT_LEAF_VALUE, "%s", value->list ? "a list" : "empty");
    if (hp_matches(hp, w)) {
        out->found = true;
        out->value = value->body;
    }
    return RC_OK;
}

static enum rc step_extension(struct walk *w, const struct hp *hp, const struct rlp_item *child,
                              struct step *out, struct err *err)
{
    /* A branch follows an extension (appendix D), and takes one nibble itself. */
    if (hp->n == 0 || w->pos + hp->n >= KEY_NIBBLES)
        return err_set(err, BG_MPT_EXTENSION_PATH, "%zu nibbles at nibble %zu", hp->n, w->pos);
    if (!child_ok(child, false))
        return err_set(err, BG_MPT_EXTENSION_CHILD, "at nibble %zu", w->pos);
    if (hp_matches(hp, w)) {
        out->down = true;
        out->child = *child;
        w->pos += hp->n;
    }
    return RC_OK;
}

static enum rc step_node(struct walk *w, struct bytes node, struct step *out, struct err *err)
{
    struct rlp_item whole, it[BRANCH_ITEMS];
    size_t n;
    if (!rlp_whole(node, &whole) || !whole.list)
        return err_set(err, BG_MPT_NODE_RLP, "at nibble %zu", w->pos);
    if (!rlp_count(whole.body, BRANCH_ITEMS, &n) || (n != 2 && n != BRANCH_ITEMS) ||
        !rlp_list(whole.body, it, n))
        return err_set(err, BG_MPT_NODE_ITEMS, "at nibble %zu", w->pos);
    if (n == BRANCH_ITEMS)
        return step_branch(w, it, out, err);
    struct hp hp;
    if (!hp_read(&it[0], &hp))
        return err_set(err, BG_MPT_HEX_PREFIX, "at nibble %zu", w->pos);
    return hp.leaf ? step_leaf(w, &hp, &it[1], out, err) : step_extension(w, &hp, &it[1], out, err);
}

/* prove_empty: the empty trie holds nothing; its proof is no node at all, or the node 0x80. */
static enum rc prove_empty(const struct bytes *nodes, size_t num_nodes, struct err *err)
{
    if (num_nodes == 0 || (num_nodes == 1 && bytes_eq(nodes[0], bytes_of("\x80", 1))))
        return RC_OK;
    return err_set(err, BG_MPT_EMPTY_TRIE, "%zu nodes", num_nodes);
}

enum rc mpt_prove(const uint8_t root[static 32], const uint8_t key[static 32],
                  const struct bytes *nodes, size_t num_nodes, bool *out_present,
                  struct bytes *out_value, struct err *err)
{
    if (num_nodes > LIMIT_PROOF_NODES)
        return err_set(err, BG_MPT_NODE_COUNT, "%zu nodes", num_nodes);
    struct step step = {0};
    if (memcmp(root, mpt_empty_root, HASH_LEN) == 0) {
        TRY(prove_empty(nodes, num_nodes, err));
    } else {
        struct walk w = {.key = key, .nodes = nodes, .num_nodes = num_nodes};
        struct bytes node;
        TRY(take_hashed(&w, root, &node, err));
        TRY(step_node(&w, node, &step, err));
        /* Ends: every step down takes at least one of 64 nibbles. */
        while (step.down) {
            struct rlp_item child = step.child;
            step = (struct step){0};
            TRY(take_child(&w, &child, &node, err));
            TRY(step_node(&w, node, &step, err));
        }
        if (w.next != num_nodes)
            return err_set(err, BG_MPT_EXTRA_NODES, "%zu of %zu nodes used", w.next, num_nodes);
    }
    *out_present = step.found;
    *out_value = step.value;
    return RC_OK;
}

/* fixed copies a string of exactly n bytes. */
static bool fixed(const struct rlp_item *it, uint8_t *out, size_t n)
{
    if (it->list || it->body.n != n)
        return false;
    struct cur c = cur_of(it->body);
    cur_copy(&c, out, n);
    return true;
}

enum rc mpt_prove_account(const uint8_t state_root[static 32], const uint8_t address[static 20],
                          const struct bytes *nodes, size_t num_nodes, struct eth_account *out,
                          struct err *err)
{
    uint8_t key[32];
    keccak256(bytes_of(address, 20), key);
    struct eth_account acc = {0};
    struct bytes value;
    TRY(mpt_prove(state_root, key, nodes, num_nodes, &acc.exists, &value, err));
    if (!acc.exists) {
        memcpy(acc.storage_root, mpt_empty_root, sizeof mpt_empty_root);
        memcpy(acc.code_hash, eth_empty_code_hash, sizeof eth_empty_code_hash);
        *out = acc;
        return RC_OK;
    }
    /* Yellow Paper, section 4.1: nonce, balance, storageRoot, codeHash. EIP-2681: nonce < 2^64. */
    struct rlp_item whole, it[4];
    if (!rlp_whole(value, &whole) || !whole.list || !rlp_list(whole.body, it, 4))
        return err_set(err, BG_MPT_ACCOUNT_LIST, "%zu bytes", value.n);
    if (!rlp_u64(&it[0], &acc.nonce) || !rlp_uint(&it[1], acc.balance, sizeof acc.balance) ||
        !fixed(&it[2], acc.storage_root, 32) || !fixed(&it[3], acc.code_hash, 32))
        return err_set(err, BG_MPT_ACCOUNT_FIELD, "%zu bytes", value.n);
    *out = acc;
    return RC_OK;
}

enum rc mpt_prove_slot(const uint8_t storage_root[static 32], const uint8_t slot[static 32],
                       const struct bytes *nodes, size_t num_nodes, uint8_t out_value[static 32],
                       bool *out_zero_leaf, struct err *err)
{
    uint8_t key[32], v[32] = {0};
    keccak256(bytes_of(slot, 32), key);
    bool present;
    struct bytes value;
    TRY(mpt_prove(storage_root, key, nodes, num_nodes, &present, &value, err));
    struct rlp_item it;
    if (present && (!rlp_whole(value, &it) || !rlp_uint(&it, v, sizeof v)))
        return err_set(err, BG_MPT_SLOT_VALUE, "%zu bytes", value.n);
    memcpy(out_value, v, sizeof v);
    *out_zero_leaf = present && mem_is_zero(v, sizeof v);
    return RC_OK;
}
