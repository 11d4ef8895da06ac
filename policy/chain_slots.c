#include "policy/chain_slots.h"

#include "base/keccak.h"

const uint8_t slot_erc1967_implementation[32] = {
    0x36, 0x08, 0x94, 0xa1, 0x3b, 0xa1, 0xa3, 0x21, 0x06, 0x67, 0xc8, 0x28, 0x49, 0x2d, 0xb9, 0x8d,
    0xca, 0x3e, 0x20, 0x76, 0xcc, 0x37, 0x35, 0xa9, 0x20, 0xa3, 0xca, 0x50, 0x5d, 0x38, 0x2b, 0xbc};

/* Slots of the KMS contract and of an app contract (vectors/contracts MANIFEST, storage layout). */
enum {
    KMS_INFO_FIRST = 0,
    KMS_INFO_FIELDS = 4,
    KMS_GATEWAY_APP_ID = 4,
    KMS_REGISTERED_APPS = 5,
    KMS_AGGREGATED_MRS = 6,
    KMS_DEVICE_IDS = 7,
    KMS_OS_IMAGES = 8,
    KMS_APP_IMPLEMENTATION = 9
};
enum { APP_COMPOSE_HASHES = 0, APP_FLAGS = 1, APP_DEVICE_IDS = 2, APP_REQUIRE_TCB = 3 };

/* A real quote and event log would take hundreds of proofs; that much is not asked for. */
#define KMS_INFO_WORDS_MAX 256u

static struct slot_guess *guess(struct slot_guesses *g, const uint8_t *address, const char *label)
{
    struct slot_guess *s = &g->v[g->n++];
    *s = (struct slot_guess){.label = label};
    memcpy(s->address, address, 20);
    return s;
}

static struct slot_guess *plain(struct slot_guesses *g, const uint8_t *address, uint8_t slot,
                                const char *label)
{
    struct slot_guess *s = guess(g, address, label);
    s->slot[31] = slot;
    return s;
}

/* mapping: keccak256(key padded to a word, the mapping's slot). */
static void mapping(struct slot_guesses *g, const uint8_t *address, uint8_t slot,
                    const uint8_t *key, size_t n, const char *label)
{
    uint8_t in[64] = {0};
    memcpy(in + 32 - n, key, n);
    in[63] = slot;
    keccak256(BYTES_OF_ARRAY(in), guess(g, address, label)->slot);
}

static void implementation(struct slot_guesses *g, const uint8_t *address, const char *label)
{
    memcpy(guess(g, address, label)->slot, slot_erc1967_implementation, 32);
}

void chain_slots_guess(enum chain_question question, const struct boot_info *bi,
                       const uint8_t kms[static 20], struct slot_guesses *out)
{
    static const char *const info[KMS_INFO_FIELDS] = {"kmsInfo.k256Pubkey", "kmsInfo.caPubkey",
                                                      "kmsInfo.quote", "kmsInfo.eventlog"};
    *out = (struct slot_guesses){0};
    implementation(out, kms, "KMS implementation (ERC-1967)");
    mapping(out, kms, KMS_OS_IMAGES, bi->os_image_hash, 32, "allowedOsImages[osImageHash]");
    if (question == ASK_KMS) {
        mapping(out, kms, KMS_AGGREGATED_MRS, bi->mr_aggregated, 32,
                "kmsAllowedAggregatedMrs[mrAggregated]");
        mapping(out, kms, KMS_DEVICE_IDS, bi->device_id, 32, "kmsAllowedDeviceIds[deviceId]");
    } else {
        mapping(out, kms, KMS_REGISTERED_APPS, bi->app_id, 20, "registeredApps[appId]");
        implementation(out, bi->app_id, "app implementation (ERC-1967)");
        mapping(out, bi->app_id, APP_COMPOSE_HASHES, bi->compose_hash, 32,
                "allowedComposeHashes[composeHash]");
        (void)plain(out, bi->app_id, APP_FLAGS, "upgradesDisabled, allowAnyDevice");
        mapping(out, bi->app_id, APP_DEVICE_IDS, bi->device_id, 32, "allowedDeviceIds[deviceId]");
        (void)plain(out, bi->app_id, APP_REQUIRE_TCB, "requireTcbUpToDate");
    }
    plain(out, kms, KMS_APP_IMPLEMENTATION, "appImplementation")->extra = true;
    plain(out, kms, KMS_GATEWAY_APP_ID, "gatewayAppId")->extra = true;
    for (uint8_t i = 0; i < KMS_INFO_FIELDS; i++)
        plain(out, kms, KMS_INFO_FIRST + i, info[i])->extra = true;
}

const char *chain_slots_label(const struct slot_guesses *g, const uint8_t address[static 20],
                              const uint8_t slot[static 32])
{
    for (size_t i = 0; i < g->n; i++)
        if (memcmp(g->v[i].address, address, 20) == 0 && memcmp(g->v[i].slot, slot, 32) == 0)
            return g->v[i].label;
    return NULL;
}

bool chain_slots_implementation(struct chain_state *st, const uint8_t address[static 20],
                                uint8_t out[static 20], bool *out_is)
{
    uint8_t word[32];
    if (!chain_state_slot(st, address, slot_erc1967_implementation, word))
        return false;
    /* Solidity reads an address from the low 20 bytes, whatever stands above. */
    memcpy(out, word + 12, 20);
    *out_is = !mem_is_zero(out, 20);
    return true;
}

/* prefetch_code: an account, its code, and what its ERC-1967 slot names. */
static void prefetch_code(struct chain_state *st, const uint8_t *address)
{
    uint8_t implementation_address[20];
    struct bytes code;
    bool is = false;
    (void)chain_state_code(st, address, &code);
    if (chain_slots_implementation(st, address, implementation_address, &is) && is)
        (void)chain_state_code(st, implementation_address, &code);
}

void chain_slots_prefetch(struct chain_state *st, const struct slot_guesses *g,
                          const uint8_t kms[static 20], const uint8_t *app, bool extras)
{
    uint8_t value[32];
    enum chain_miss before = st->miss;
    st->miss = MISS_WISHED;
    prefetch_code(st, kms);
    if (app)
        prefetch_code(st, app);
    for (size_t i = 0; i < g->n; i++)
        if (extras || !g->v[i].extra)
            (void)chain_state_slot(st, g->v[i].address, g->v[i].slot, value);
    if (extras)
        (void)chain_slots_kms_info(st, kms);
    st->miss = before;
}

/* string_words: how many words of data a bytes or string variable has, from its own slot (Solidity
 * documentation, "Layout in Storage": odd word = 2 * length + 1, data at keccak256(slot)). */
static bool string_words(const uint8_t word[static 32], size_t *out)
{
    uint64_t v = 0;
    if (!mem_is_zero(word, 24) && (word[31] & 1))
        return false;
    for (size_t i = 24; i < 32; i++)
        v = v << 8 | word[i];
    uint64_t words = word[31] & 1 ? (v / 2 + 31) / 32 : 0;
    if (words > KMS_INFO_WORDS_MAX)
        return false;
    *out = (size_t)words;
    return true;
}

bool chain_slots_kms_info(struct chain_state *st, const uint8_t kms[static 20])
{
    /* Before a length is proven: a compressed key and a P-256 SubjectPublicKeyInfo. */
    static const size_t usual[KMS_GATEWAY_APP_ID + 1] = {2, 3, 0, 0, 0};
    size_t words[KMS_GATEWAY_APP_ID + 1], sum = 0;
    uint8_t value[32];
    for (uint8_t i = 0; i <= KMS_GATEWAY_APP_ID; i++) {
        uint8_t slot[32] = {0};
        slot[31] = i;
        words[i] = usual[i];
        if (chain_state_slot(st, kms, slot, value) && !string_words(value, &words[i]))
            return false;
        sum += words[i];
    }
    if (sum > KMS_INFO_WORDS_MAX)
        return false;
    for (uint8_t i = 0; i <= KMS_GATEWAY_APP_ID; i++) {
        uint8_t slot[32] = {0}, data[32];
        slot[31] = i;
        keccak256(BYTES_OF_ARRAY(slot), data);
        for (size_t k = 0; k < words[i]; k++) {
            (void)chain_state_slot(st, kms, data, value);
            for (size_t b = 32; b > 0 && ++data[b - 1] == 0; b--)
                ;
        }
    }
    return true;
}
