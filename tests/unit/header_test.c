/*
 * header: headers of every fork's shape, as RLP and as JSON-RPC objects that tests/lib/eth_world
 * makes; every field's width; forks by chain and time.
 */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/header.h"
#include "policy/eth/keccak.h"
#include "tests/lib/eth_world.h"
#include "tests/lib/trie_builder.h"

static const enum world_shape shapes[] = {WORLD_FRONTIER, WORLD_LONDON, WORLD_SHANGHAI,
                                          WORLD_CANCUN, WORLD_PRAGUE};
#define NUM_SHAPES (sizeof shapes / sizeof *shapes)

static struct eth_world *sealed(enum world_shape shape)
{
    struct eth_world *w = world_new();
    uint8_t address[20] = {9}, slot[32] = {0}, value[32] = {5};
    world_account(w, address, 3, 1000, bytes_of_str("code"));
    world_slot(w, address, slot, value);
    struct world_block b = {.shape = shape,
                            .proof_of_work = shape == WORLD_FRONTIER,
                            .number = 0x1234,
                            .timestamp = 1700000000,
                            .gas_limit = 30000000,
                            .gas_used = 21000,
                            .base_fee = 7,
                            .blob_gas_used = 131072,
                            .excess_blob_gas = 5,
                            .coinbase = {0xc0, 0xff},
                            .prev_randao = {0xaa},
                            .parent_hash = {0xbb},
                            .extra_data = bytes_of_str("extra")};
    world_seal(w, &b);
    return w;
}

/* block_of: the block object of a sealed world; the caller owns it. */
static json_t *block_of(struct eth_world *w)
{
    AUTO_JSON answer = world_block_by_hash(w);
    return json_incref(json_object_get(answer, "result"));
}

static enum rc read_block(const json_t *block, struct eth_header *h, struct bytes *rlp,
                          struct arena *a)
{
    struct err err = {0};
    enum rc rc = eth_header_from_json(a, block, h, rlp, &err);
    assert_int_equal(rc, err.rc);
    return rc;
}

static void every_shape_reads_from_rlp_and_from_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUM_SHAPES; i++) {
        struct arena *a = arena_new(1 << 20);
        struct eth_world *w = sealed(shapes[i]);
        struct eth_header h, j;
        struct err err = {0};
        struct bytes rlp;
        assert_int_equal(eth_header_from_rlp(world_header_rlp(w), &h, &err), RC_OK);
        assert_memory_equal(h.hash, world_block_hash(w), 32);
        assert_memory_equal(h.state_root, world_state_root(w), 32);
        assert_true(h.number == 0x1234 && h.timestamp == 1700000000 && h.gas_limit == 30000000 &&
                    h.gas_used == 21000);
        assert_true(h.coinbase[1] == 0xff && h.prev_randao[0] == 0xaa && h.parent_hash[0] == 0xbb);
        size_t n = shapes[i];
        assert_true(h.pos == (n > 15) && h.has_base_fee == (n > 15));
        assert_int_equal(h.base_fee[31], n > 15 ? 7 : 0);
        assert_true(h.has_withdrawals_root == (n > 16) && h.has_blob_gas == (n > 17) &&
                    h.has_beacon_root == (n > 17) && h.has_requests_hash == (n > 20));
        assert_true(h.blob_gas_used == (n > 17 ? 131072 : 0) &&
                    h.excess_blob_gas == (n > 17 ? 5 : 0) &&
                    h.beacon_root[0] == (n > 17 ? 0xbe : 0));
        AUTO_JSON block = block_of(w);
        memset(&j, 0, sizeof j);
        assert_int_equal(read_block(block, &j, &rlp, a), RC_OK);
        assert_true(bytes_eq(rlp, world_header_rlp(w)));
        assert_memory_equal(j.hash, h.hash, 32);
        assert_true(j.number == h.number && j.has_requests_hash == h.has_requests_hash);
        world_free(w);
        arena_free(a);
    }
}

/* EIP-3675: only a header without difficulty and nonce was made by proof of stake. */
static void work_shows_in_difficulty_or_nonce(void **state)
{
    (void)state;
    static const struct {
        const char *difficulty, *nonce;
        bool pos;
    } t[] = {{"0x0", "0x0000000000000000", true},
             {"0x1", "0x0000000000000000", false},
             {"0x0", "0x0000000000000001", false},
             {"0x1", "0x0000000000000001", false}};
    struct arena *a = arena_new(1 << 20);
    struct eth_world *w = sealed(WORLD_LONDON);
    AUTO_JSON block = block_of(w);
    json_object_del(block, "hash");
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct eth_header h;
        struct bytes rlp;
        json_object_set_new(block, "difficulty", json_string(t[i].difficulty));
        json_object_set_new(block, "nonce", json_string(t[i].nonce));
        assert_int_equal(read_block(block, &h, &rlp, a), RC_OK);
        CASE("work", h.pos == t[i].pos, "%s %s", t[i].difficulty, t[i].nonce);
    }
    world_free(w);
    arena_free(a);
}

static void every_byte_of_a_header_counts(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    for (size_t i = 0; i < NUM_SHAPES; i++) {
        struct eth_world *w = sealed(shapes[i]);
        uint8_t rlp[2048];
        size_t n = world_header_rlp(w).n;
        memcpy(rlp, world_header_rlp(w).p, n);
        for (size_t k = 0; k < n; k++)
            for (size_t f = 0; f < sizeof flips; f++) {
                struct eth_header h;
                struct err err = {0};
                rlp[k] ^= flips[f];
                enum rc rc = eth_header_from_rlp(bytes_of(rlp, n), &h, &err);
                CASE("flip", rc != RC_OK || memcmp(h.hash, world_block_hash(w), 32) != 0,
                     "shape %d byte %zu", shapes[i], k);
                rlp[k] ^= flips[f];
            }
        for (size_t len = 0; len < n; len++) {
            struct eth_header h;
            struct err err = {0};
            CASE("cut", eth_header_from_rlp(bytes_of(rlp, len), &h, &err) == BG_HEADER_RLP,
                 "shape %d at %zu", shapes[i], len);
        }
        world_free(w);
    }
}

/* relist: the header's items with one replaced or left out, as a list again. */
static enum rc with_item(struct arena *a, struct bytes header, size_t at, struct bytes item,
                         size_t n)
{
    /* Cut by hand: 3 bytes of list prefix, then strings of at most 256 bytes. */
    struct bytes items[80];
    size_t pos = 3, have = 0;
    while (pos < header.n) {
        size_t b = header.p[pos];
        size_t len = b < 0x80    ? 1
                     : b <= 0xb7 ? b - 0x80 + 1
                                 : 3 + ((size_t)header.p[pos + 1] << 8) + header.p[pos + 2];
        items[have++] = bytes_of(header.p + pos, len);
        pos += len;
    }
    while (have < n)
        items[have++] = bytes_of("\x80", 1);
    if (at < n)
        items[at] = item;
    struct eth_header h;
    struct err err = {0};
    return eth_header_from_rlp(enc_list(a, items, n), &h, &err);
}

static void fields_have_their_width_and_headers_their_number_of_fields(void **state)
{
    (void)state;
    /* Widths in bytes, from the Yellow Paper, section 4.4.3, and the EIPs: 0 marks integers. */
    static const struct {
        size_t fixed, most;
    } width[21] = {{32, 0}, {32, 0}, {20, 0}, {32, 0}, {32, 0}, {32, 0}, {256, 0},
                   {0, 32}, {0, 8},  {0, 8},  {0, 8},  {0, 8},  {0, 0},  {32, 0},
                   {8, 0},  {0, 32}, {32, 0}, {0, 8},  {0, 8},  {32, 0}, {32, 0}};
    struct arena *a = arena_new(1 << 24);
    struct eth_world *w = sealed(WORLD_PRAGUE);
    struct bytes header = world_header_rlp(w);
    uint8_t ones[260];
    memset(ones, 0x81, sizeof ones);
    for (size_t i = 0; i < 21; i++) {
        size_t fixed = width[i].fixed, most = i == 12 ? 32 : width[i].most;
        struct bytes list = enc_list(a, NULL, 0);
        CASE("list", with_item(a, header, i, list, 21) == BG_HEADER_FIELD, "field %zu", i);
        for (size_t len = 0; len < sizeof ones; len++) {
            bool fits = fixed ? len == fixed : len <= most;
            enum rc rc = with_item(a, header, i, enc_string(a, bytes_of(ones, len)), 21);
            CASE("width", rc == (fits ? RC_OK : BG_HEADER_FIELD), "field %zu of %zu: BG-%04d", i,
                 len, rc);
        }
        if (!fixed && i != 12)
            CASE("leading zero",
                 with_item(a, header, i, bytes_of("\x82\x00\x81", 3), 21) == BG_HEADER_FIELD &&
                     with_item(a, header, i, bytes_of("\x00", 1), 21) == BG_HEADER_FIELD,
                 "field %zu", i);
    }
    for (size_t n = 0; n < 80; n++) {
        bool known = n == 15 || n == 16 || n == 17 || n == 20 || n == 21;
        enum rc rc = with_item(a, header, 99, BYTES_NONE, n);
        enum rc want = known     ? RC_OK
                       : n <= 20 ? BG_HEADER_FIELDS
                       : n <= 64 ? BG_HEADER_NEWER
                                 : BG_HEADER_RLP;
        CASE("count", rc == want, "%zu fields: BG-%04d", n, rc);
    }
    struct eth_header h;
    struct err err = {0};
    uint8_t big[2049] = {0xf9, 0x07, 0xfe};
    assert_int_equal(eth_header_from_rlp(BYTES_OF_ARRAY(big), &h, &err), BG_HEADER_SIZE);
    err_clear(&err);
    big[2]--; /* a list that fills 2048 bytes */
    assert_int_equal(eth_header_from_rlp(bytes_of(big, 2048), &h, &err), BG_HEADER_RLP);
    err_clear(&err);
    assert_int_equal(eth_header_from_rlp(bytes_of("\xb8\x38", 2), &h, &err), BG_HEADER_RLP);
    world_free(w);
    arena_free(a);
}

static void json_values_are_strict_and_padding_is_not_an_error(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 24);
    struct eth_world *w = sealed(WORLD_PRAGUE);
    AUTO_JSON good = block_of(w);
    static const struct {
        const char *member, *value;
        enum rc want;
    } t[] = {
        {"number", "0x1234", RC_OK},
        {"number", "0x00000000000000000000001234", RC_OK},
        {"number", "0x01234", RC_OK},
        {"difficulty", "0x00", RC_OK},
        {"difficulty", "0x0", RC_OK},
        {"difficulty", "0x", BG_HEADER_JSON_VALUE},
        {"number", "1234", BG_HEADER_JSON_VALUE},
        {"number", "0X1234", BG_HEADER_JSON_VALUE},
        {"number", "0x12g4", BG_HEADER_JSON_VALUE},
        {"number", "0x-1234", BG_HEADER_JSON_VALUE},
        {"number", " 0x1234", BG_HEADER_JSON_VALUE},
        {"number", "", BG_HEADER_JSON_VALUE},
        {"number", "0", BG_HEADER_JSON_VALUE},
        {"number", "0x10000000000000000", BG_HEADER_JSON_VALUE},
        {"number", "0x1235", BG_HEADER_JSON_HASH},
        {"baseFeePerGas", "0x10000000000000000000000000000000000000000000000000000000000000000",
         BG_HEADER_JSON_VALUE},
        {"baseFeePerGas", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         BG_HEADER_JSON_HASH},
        {"nonce", "0x0", BG_HEADER_JSON_VALUE},
        {"nonce", "0x00000000000000000", BG_HEADER_JSON_VALUE},
        {"miner", "0xc0ff", BG_HEADER_JSON_VALUE},
        {"miner", "0x0000c0ff00000000000000000000000000000000000000", BG_HEADER_JSON_VALUE},
        {"extraData", "0x6", BG_HEADER_JSON_VALUE},
        {"extraData", "0x", BG_HEADER_JSON_HASH},
        {"extraData", "0x000000000000000000000000000000000000000000000000000000000000000000",
         BG_HEADER_JSON_VALUE},
        {"stateRoot", "0x", BG_HEADER_JSON_VALUE},
        {"hash", "0x", BG_HEADER_JSON_HASH},
        {"hash", "0x00", BG_HEADER_JSON_HASH},
        {"hash", "0x0000000000000000000000000000000000000000000000000000000000000000",
         BG_HEADER_JSON_HASH},
        {"someLaterMember", "0x01", RC_OK},
    };
    struct eth_header h;
    struct bytes rlp;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        AUTO_JSON block = json_deep_copy(good);
        json_object_set_new(block, t[i].member, json_string(t[i].value));
        enum rc rc = read_block(block, &h, &rlp, a);
        CASE(t[i].member, rc == t[i].want, "%s: BG-%04d", t[i].value, rc);
    }
    /* Not strings; and "hash" may be missing or null (a pending block): it is computed anyway. */
    const char *name;
    json_t *v;
    json_object_foreach(good, name, v)
    {
        if (!strcmp(name, "size") || !strcmp(name, "transactions") || !strcmp(name, "uncles"))
            continue;
        enum rc want = strcmp(name, "hash") ? BG_HEADER_JSON_VALUE : BG_HEADER_JSON_HASH;
        AUTO_JSON block = json_deep_copy(good);
        json_object_set_new(block, name, json_integer(4660));
        CASE(name, read_block(block, &h, &rlp, a) == want, "an integer");
        json_object_set_new(block, name, json_array());
        CASE(name, read_block(block, &h, &rlp, a) == want, "an array");
    }
    AUTO_JSON block = json_deep_copy(good);
    char *hash = strdup(json_string_value(json_object_get(good, "hash")));
    assert_non_null(hash);
    for (size_t k = 2; k < 66; k++) {
        char was = hash[k];
        hash[k] = was == '7' ? '8' : '7';
        json_object_set_new(block, "hash", json_string(hash));
        CASE("hash", read_block(block, &h, &rlp, a) == BG_HEADER_JSON_HASH, "digit %zu", k);
        hash[k] = was;
    }
    free(hash);
    json_object_set_new(block, "hash", json_null());
    assert_int_equal(read_block(block, &h, &rlp, a), RC_OK);
    json_object_del(block, "hash");
    assert_int_equal(read_block(block, &h, &rlp, a), RC_OK);
    assert_memory_equal(h.hash, world_block_hash(w), 32);
    AUTO_JSON null = json_null();
    AUTO_JSON array = json_array();
    assert_int_equal(read_block(null, &h, &rlp, a), BG_HEADER_JSON_OBJECT);
    assert_int_equal(read_block(array, &h, &rlp, a), BG_HEADER_JSON_OBJECT);
    assert_int_equal(read_block(NULL, &h, &rlp, a), BG_HEADER_JSON_OBJECT);
    world_free(w);
    arena_free(a);
}

static void every_json_field_counts_and_none_may_be_skipped(void **state)
{
    (void)state;
    static const char *const names[21] = {
        "parentHash",    "sha3Uncles",      "miner",       "stateRoot",     "transactionsRoot",
        "receiptsRoot",  "logsBloom",       "difficulty",  "number",        "gasLimit",
        "gasUsed",       "timestamp",       "extraData",   "mixHash",       "nonce",
        "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot",
        "requestsHash"};
    for (size_t s = 0; s < NUM_SHAPES; s++) {
        struct arena *a = arena_new(1 << 24);
        struct eth_world *w = sealed(shapes[s]);
        AUTO_JSON good = block_of(w);
        struct eth_header h;
        struct bytes rlp;
        for (size_t i = 0; i < (size_t)shapes[s]; i++) {
            AUTO_JSON block = json_deep_copy(good);
            char *text = strdup(json_string_value(json_object_get(good, names[i])));
            assert_non_null(text);
            for (size_t k = 2; text[k]; k++) {
                char was = text[k];
                text[k] = was == '7' ? '8' : '7';
                json_object_set_new(block, names[i], json_string(text));
                CASE(names[i], read_block(block, &h, &rlp, a) == BG_HEADER_JSON_HASH, "digit %zu",
                     k);
                text[k] = was;
            }
            free(text);
            /* Without it: an earlier shape's header, which has another hash, or no header. */
            bool earlier = i + 1 == (size_t)shapes[s] && (i == 15 || i == 16 || i == 20);
            enum rc want = earlier ? BG_HEADER_JSON_HASH : BG_HEADER_JSON_MEMBER;
            json_object_del(block, names[i]);
            CASE(names[i], read_block(block, &h, &rlp, a) == want, "missing in shape %d",
                 shapes[s]);
            json_object_set_new(block, names[i], json_null());
            CASE(names[i], read_block(block, &h, &rlp, a) == want, "null in shape %d", shapes[s]);
        }
        world_free(w);
        arena_free(a);
    }
}

static enum rc fork_of(enum world_shape shape, bool pow, uint64_t time, uint64_t chain,
                       const struct eth_fork_time *rows, size_t n, enum eth_fork *out)
{
    struct eth_header h = {.timestamp = time,
                           .pos = !pow,
                           .has_base_fee = shape >= WORLD_LONDON,
                           .has_withdrawals_root = shape >= WORLD_SHANGHAI,
                           .has_blob_gas = shape >= WORLD_CANCUN,
                           .has_beacon_root = shape >= WORLD_CANCUN,
                           .has_requests_hash = shape >= WORLD_PRAGUE};
    struct err err = {0};
    *out = ETH_FORK_NONE;
    return eth_fork_of(&h, chain, rows, n, out, &err);
}

static void known_chains_change_fork_at_their_times(void **state)
{
    (void)state;
    /* Execution layer times as other clients have them (facts/ethereum.md section 3). */
    static const struct {
        uint64_t chain, time;
        enum world_shape before, after;
        enum eth_fork fork_before, fork_after;
    } t[] = {
        {1, 1681338455, WORLD_LONDON, WORLD_SHANGHAI, ETH_PARIS, ETH_SHANGHAI},
        {1, 1710338135, WORLD_SHANGHAI, WORLD_CANCUN, ETH_SHANGHAI, ETH_CANCUN},
        {1, 1746612311, WORLD_CANCUN, WORLD_PRAGUE, ETH_CANCUN, ETH_PRAGUE},
        {1, 1764798551, WORLD_PRAGUE, WORLD_PRAGUE, ETH_PRAGUE, ETH_OSAKA},
        {11155111, 1706655072, WORLD_SHANGHAI, WORLD_CANCUN, ETH_SHANGHAI, ETH_CANCUN},
        {11155111, 1741159776, WORLD_CANCUN, WORLD_PRAGUE, ETH_CANCUN, ETH_PRAGUE},
        {11155111, 1760427360, WORLD_PRAGUE, WORLD_PRAGUE, ETH_PRAGUE, ETH_OSAKA},
        {560048, 1742999832, WORLD_CANCUN, WORLD_PRAGUE, ETH_CANCUN, ETH_PRAGUE},
        {560048, 1761677592, WORLD_PRAGUE, WORLD_PRAGUE, ETH_PRAGUE, ETH_OSAKA},
        /* 2023-08-01T11:34:20Z and 2024-03-11T18:30:20Z: gnosischain/configs, mainnet. */
        {100, 1690889660, WORLD_LONDON, WORLD_SHANGHAI, ETH_PARIS, ETH_SHANGHAI},
        {100, 1710181820, WORLD_SHANGHAI, WORLD_CANCUN, ETH_SHANGHAI, ETH_CANCUN},
    };
    enum eth_fork f;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        CASE("before",
             fork_of(t[i].before, false, t[i].time - 1, t[i].chain, NULL, 0, &f) == RC_OK &&
                 f == t[i].fork_before,
             "row %zu: %s", i, eth_fork_name(f));
        CASE("after",
             fork_of(t[i].after, false, t[i].time, t[i].chain, NULL, 0, &f) == RC_OK &&
                 f == t[i].fork_after,
             "row %zu: %s", i, eth_fork_name(f));
        if (t[i].before == t[i].after)
            continue;
        CASE("late",
             fork_of(t[i].before, false, t[i].time, t[i].chain, NULL, 0, &f) == BG_FORK_SHAPE,
             "row %zu", i);
        CASE("early",
             fork_of(t[i].after, false, t[i].time - 1, t[i].chain, NULL, 0, &f) == BG_FORK_SHAPE,
             "row %zu", i);
    }
}

static void other_chains_go_by_their_table_or_by_shape(void **state)
{
    (void)state;
    enum eth_fork f;
    static const enum eth_fork by_shape[] = {ETH_FRONTIER_TO_LONDON, ETH_PARIS, ETH_SHANGHAI,
                                             ETH_CANCUN, ETH_OSAKA};
    for (size_t i = 0; i < NUM_SHAPES; i++) {
        CASE("shape", fork_of(shapes[i], false, 5, 31337, NULL, 0, &f) == RC_OK && f == by_shape[i],
             "%d: %s", shapes[i], eth_fork_name(f));
        enum rc want = shapes[i] <= WORLD_LONDON ? RC_OK : BG_FORK_MERGE;
        CASE("work", fork_of(shapes[i], true, 5, 31337, NULL, 0, &f) == want, "%d", shapes[i]);
        CASE("work", want != RC_OK || f == ETH_FRONTIER_TO_LONDON, "%s", eth_fork_name(f));
    }
    /* A custom table comes before the built-in one, its rows in any order. */
    const struct eth_fork_time rows[] = {{ETH_OSAKA, 300}, {ETH_CANCUN, 100}, {ETH_PRAGUE, 200}};
    static const struct {
        enum world_shape shape;
        uint64_t time;
        enum rc rc;
        enum eth_fork fork;
    } t[] = {
        {WORLD_SHANGHAI, 99, RC_OK, ETH_SHANGHAI}, {WORLD_LONDON, 99, RC_OK, ETH_PARIS},
        {WORLD_CANCUN, 99, BG_FORK_SHAPE, 0},      {WORLD_PRAGUE, 99, BG_FORK_SHAPE, 0},
        {WORLD_CANCUN, 100, RC_OK, ETH_CANCUN},    {WORLD_CANCUN, 199, RC_OK, ETH_CANCUN},
        {WORLD_CANCUN, 200, BG_FORK_SHAPE, 0},     {WORLD_PRAGUE, 200, RC_OK, ETH_PRAGUE},
        {WORLD_PRAGUE, 299, RC_OK, ETH_PRAGUE},    {WORLD_PRAGUE, 300, RC_OK, ETH_OSAKA},
        {WORLD_SHANGHAI, 300, BG_FORK_SHAPE, 0},   {WORLD_PRAGUE, UINT64_MAX, RC_OK, ETH_OSAKA},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        CASE("custom",
             fork_of(t[i].shape, false, t[i].time, 1, rows, 3, &f) == t[i].rc && f == t[i].fork,
             "row %zu: %s", i, eth_fork_name(f));
    /* Only Osaka known: before it, a header with requestsHash is Prague's. */
    assert_int_equal(fork_of(WORLD_PRAGUE, false, 299, 7, rows, 1, &f), RC_OK);
    assert_int_equal(f, ETH_PRAGUE);
    const struct eth_fork_time merged[] = {{ETH_PARIS, 0}};
    assert_int_equal(fork_of(WORLD_LONDON, false, 0, 7, merged, 1, &f), RC_OK);
    assert_int_equal(f, ETH_PARIS);
    assert_int_equal(fork_of(WORLD_LONDON, true, 0, 7, merged, 1, &f), BG_FORK_SHAPE);
    const struct eth_fork_time bad[] = {
        {ETH_FORK_NONE, 0}, {ETH_FRONTIER_TO_LONDON, 0}, {ETH_FORK_MAX, 0}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fork_of(WORLD_PRAGUE, false, 5, 7, &bad[i], 1, &f), BG_FORK_TABLE);
}

static void fork_names_read_back(void **state)
{
    (void)state;
    for (unsigned f = ETH_PARIS; f < ETH_FORK_MAX; f++)
        assert_int_equal(eth_fork_read(bytes_of_str(eth_fork_name((enum eth_fork)f))), f);
    assert_string_equal(eth_fork_name(ETH_SHANGHAI), "shanghai");
    assert_string_equal(eth_fork_name(ETH_FORK_MAX), "none");
    assert_int_equal(eth_fork_read(bytes_of_str("none")), ETH_FORK_NONE);
    assert_int_equal(eth_fork_read(bytes_of_str("before-paris")), ETH_FORK_NONE);
    assert_int_equal(eth_fork_read(bytes_of_str("Osaka")), ETH_FORK_NONE);
    assert_int_equal(eth_fork_read(BYTES_NONE), ETH_FORK_NONE);
}

/* A beacon chain's header has no requestsHash; its fork is known, and nothing may contradict it. */
static void a_beacon_chain_says_the_fork(void **state)
{
    (void)state;
    static const struct eth_fork_time prague = {ETH_PRAGUE, 100};
    static const struct eth_fork_time osaka[] = {{ETH_PRAGUE, 0}, {ETH_OSAKA, 200}};
    static const struct eth_fork_time wrong = {ETH_FRONTIER_TO_LONDON, 0};
    static const struct {
        const char *name;
        enum world_shape fields;
        enum eth_fork said;
        uint64_t chain, time;
        const struct eth_fork_time *rows;
        size_t n;
        enum rc want;
    } t[] = {
        {"no table", WORLD_SHANGHAI, ETH_SHANGHAI, 7, 5, NULL, 0, RC_OK},
        {"no table, cancun", WORLD_CANCUN, ETH_CANCUN, 7, 5, NULL, 0, RC_OK},
        {"no table, prague", WORLD_CANCUN, ETH_PRAGUE, 7, 5, NULL, 0, RC_OK},
        {"no table, osaka", WORLD_CANCUN, ETH_OSAKA, 7, 5, NULL, 0, RC_OK},
        {"no table, paris", WORLD_LONDON, ETH_PARIS, 7, 5, NULL, 0, RC_OK},
        {"mainnet, prague", WORLD_CANCUN, ETH_PRAGUE, 1, 1746612311, NULL, 0, RC_OK},
        {"mainnet, osaka", WORLD_CANCUN, ETH_OSAKA, 1, 1764798551, NULL, 0, RC_OK},
        {"mainnet, osaka too early", WORLD_CANCUN, ETH_OSAKA, 1, 1764798550, NULL, 0,
         BG_FORK_BEACON},
        {"mainnet, prague too late", WORLD_CANCUN, ETH_PRAGUE, 1, 1764798551, NULL, 0,
         BG_FORK_BEACON},
        {"before the table", WORLD_CANCUN, ETH_CANCUN, 7, 99, &prague, 1, RC_OK},
        {"in the table", WORLD_CANCUN, ETH_PRAGUE, 7, 100, &prague, 1, RC_OK},
        {"before the table, its fork", WORLD_CANCUN, ETH_PRAGUE, 7, 99, &prague, 1, BG_FORK_BEACON},
        {"in the table, older", WORLD_CANCUN, ETH_CANCUN, 7, 100, &prague, 1, BG_FORK_BEACON},
        {"in the table, newer", WORLD_CANCUN, ETH_OSAKA, 7, 100, &prague, 1, BG_FORK_BEACON},
        {"second row", WORLD_CANCUN, ETH_OSAKA, 7, 200, osaka, 2, RC_OK},
        {"first row", WORLD_CANCUN, ETH_PRAGUE, 7, 199, osaka, 2, RC_OK},
        {"custom over built-in", WORLD_CANCUN, ETH_OSAKA, 1, 200, osaka, 2, RC_OK},
        {"fields of shanghai", WORLD_SHANGHAI, ETH_CANCUN, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"fields of cancun", WORLD_CANCUN, ETH_SHANGHAI, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"fields of paris", WORLD_LONDON, ETH_SHANGHAI, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"nothing said", WORLD_CANCUN, ETH_FORK_NONE, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"too old", WORLD_LONDON, ETH_FRONTIER_TO_LONDON, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"no fork", WORLD_CANCUN, ETH_FORK_MAX, 7, 5, NULL, 0, BG_FORK_BEACON},
        {"table of others", WORLD_CANCUN, ETH_PRAGUE, 7, 5, &wrong, 1, BG_FORK_TABLE},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct eth_header h = {.timestamp = t[i].time,
                               .pos = true,
                               .has_base_fee = true,
                               .has_withdrawals_root = t[i].fields >= WORLD_SHANGHAI,
                               .has_blob_gas = t[i].fields >= WORLD_CANCUN};
        enum eth_fork f = ETH_FORK_NONE;
        struct err err = {0};
        enum rc rc = eth_fork_of_beacon(&h, t[i].said, t[i].chain, t[i].rows, t[i].n, &f, &err);
        CASE(t[i].name, rc == t[i].want && f == (rc == RC_OK ? t[i].said : ETH_FORK_NONE),
             "rc %d: %s", rc, err.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_reads_from_rlp_and_from_json),
        cmocka_unit_test(work_shows_in_difficulty_or_nonce),
        cmocka_unit_test(every_byte_of_a_header_counts),
        cmocka_unit_test(fields_have_their_width_and_headers_their_number_of_fields),
        cmocka_unit_test(json_values_are_strict_and_padding_is_not_an_error),
        cmocka_unit_test(every_json_field_counts_and_none_may_be_skipped),
        cmocka_unit_test(known_chains_change_fork_at_their_times),
        cmocka_unit_test(other_chains_go_by_their_table_or_by_shape),
        cmocka_unit_test(fork_names_read_back),
        cmocka_unit_test(a_beacon_chain_says_the_fork),
    };
    return HARNESS_RUN("header", tests);
}
