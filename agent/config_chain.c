#include "agent/config_chain.h"

#include "agent/config_near.h"
#include "agent/config_parts.h"
#include "agent/fetch.h"
#include "base/hex.h"

#define MAX_FORKS      16u
#define CHECKPOINT_AGE (14u * 86400u)
#define FINALIZED_AGE  7200u
#define ATTESTED_AGE   300u

static enum rc read_el_forks(struct arena *a, const json_t *list, struct chain_config *c,
                             struct err *err)
{
    static const char *const keys[] = {"fork", "timestamp"};
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > ETH_FORK_MAX)
        return config_bad_value(err, "chain.el_forks", "a short list");
    struct eth_fork_time *v = ARENA_ARRAY(a, struct eth_fork_time, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        struct bytes name = BYTES_NONE;
        TRY(config_only(row, "chain.el_forks", keys, 2, err));
        if (json_str(row, "fork", &name))
            v[i].fork = eth_fork_read(name);
        if (v[i].fork == ETH_FORK_NONE || !json_u64(row, "timestamp", INT64_MAX, &v[i].timestamp))
            return config_bad_value(err, "chain.el_forks", "a list of {fork, timestamp}");
        if (i && (v[i].timestamp < v[i - 1].timestamp || v[i].fork <= v[i - 1].fork))
            return config_bad_value(err, "chain.el_forks", "in the order of time and of forks");
    }
    c->el_forks = v;
    c->num_el_forks = n;
    return RC_OK;
}

/* read_contract: what every source has. */
static enum rc read_contract(struct arena *a, const json_t *j, struct chain_config *c,
                             struct err *err)
{
    if (!json_u64(j, "chain_id", INT64_MAX, &c->chain_id) || c->chain_id == 0)
        return config_bad_value(err, "chain.chain_id", "a positive number");
    if (!json_hex(j, "kms_contract", true, c->kms_contract, 20))
        return config_bad_value(err, "chain.kms_contract", "20 bytes of hex");
    TRY(config_seconds(j, "max_head_age", "chain.max_head_age", &c->max_head_age, err));
    const json_t *forks = json_object_get(j, "el_forks");
    return forks ? read_el_forks(a, forks, c, err) : RC_OK;
}

static enum rc read_pinned(struct arena *a, const json_t *j, struct chain_config *c,
                           struct err *err)
{
    static const char *const keys[] = {"source",     "chain_id",     "kms_contract",
                                       "block_hash", "max_head_age", "el_forks"};
    TRY(config_only(j, "chain", keys, sizeof keys / sizeof *keys, err));
    c->source = CHAIN_PINNED;
    if (!json_hex(j, "block_hash", true, c->block_hash, 32))
        return config_bad_value(err, "chain.block_hash", "32 bytes of hex");
    return read_contract(a, j, c, err);
}

static enum rc read_beacon_forks(struct arena *a, const json_t *list, struct beacon_network *net,
                                 struct err *err)
{
    static const char *const keys[] = {"name", "version", "epoch"};
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > MAX_FORKS)
        return config_bad_value(err, "chain.network.forks", "a list of 1 to 16 forks");
    struct beacon_fork_at *v = ARENA_ARRAY(a, struct beacon_fork_at, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        struct bytes name = BYTES_NONE;
        TRY(config_only(row, "chain.network.forks", keys, 3, err));
        if (json_str(row, "name", &name))
            v[i].fork = beacon_fork_read(name);
        if (v[i].fork == BEACON_FORK_NONE || !json_hex(row, "version", true, v[i].version, 4) ||
            !json_u64(row, "epoch", INT64_MAX, &v[i].epoch))
            return config_bad_value(err, "chain.network.forks", "a list of {name, version, epoch}");
    }
    net->forks = v;
    net->num_forks = n;
    return RC_OK;
}

static enum rc read_own_network(struct arena *a, const json_t *j, const struct beacon_network **out,
                                struct err *err)
{
    static const char *const keys[] = {"preset", "seconds_per_slot", "genesis_time",
                                       "genesis_validators_root", "forks"};
    struct beacon_network *n = ARENA_NEW(a, struct beacon_network, err);
    struct bytes preset = BYTES_NONE;
    const char *why = "";
    if (!n)
        return err->rc;
    TRY(config_only(j, "chain.network", keys, sizeof keys / sizeof *keys, err));
    if (!json_str(j, "preset", &preset) || !beacon_preset(preset, n))
        return config_bad_value(err, "chain.network.preset", "mainnet, minimal or gnosis");
    n->name = "custom";
    if (!json_u64(j, "seconds_per_slot", 3600, &n->seconds_per_slot))
        return config_bad_value(err, "chain.network.seconds_per_slot", "1 to 3600");
    if (!json_u64(j, "genesis_time", INT64_MAX, &n->genesis_time))
        return config_bad_value(err, "chain.network.genesis_time", "Unix seconds");
    if (!json_hex(j, "genesis_validators_root", true, n->genesis_validators_root, 32))
        return config_bad_value(err, "chain.network.genesis_validators_root", "32 bytes of hex");
    TRY(read_beacon_forks(a, json_object_get(j, "forks"), n, err));
    if (!beacon_network_ok(n, &why))
        return err_set(err, BG_CONFIG_NETWORK, "chain.network: %s", why);
    *out = n;
    return RC_OK;
}

static enum rc read_network(struct arena *a, const json_t *v, struct chain_config *c,
                            struct err *err)
{
    const struct beacon_network **out = &c->light_client.network;
    if (json_is_object(v))
        return read_own_network(a, v, out, err);
    if (!json_is_string(v) || !(*out = beacon_network_named(json_view(v))))
        return config_bad_value(err, "chain.network",
                                "mainnet, sepolia, hoodi, gnosis or an object");
    if ((*out)->chain_id != c->chain_id)
        return err_set(err, BG_CONFIG_CHAIN_ID, "chain.chain_id is %llu, that of %s is %llu",
                       (unsigned long long)c->chain_id, (*out)->name,
                       (unsigned long long)(*out)->chain_id);
    return RC_OK;
}

static enum rc read_signers(struct arena *a, const json_t *j, struct checkpoint_signers *out,
                            struct err *err)
{
    static const char *const keys[] = {"keys", "threshold"};
    TRY(config_only(j, "chain.checkpoint_signers", keys, 2, err));
    const json_t *list = json_object_get(j, "keys");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > CHECKPOINT_SIGNERS_MAX)
        return config_bad_value(err, "chain.checkpoint_signers.keys", "a list of 1 to 16 keys");
    uint8_t(*v)[CHECKPOINT_KEY] = arena_array(a, n, sizeof *v, err);
    uint64_t threshold = 0;
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *key = json_array_get(list, i);
        if (!json_is_string(key) || !hex_decode_0x(json_view(key), v[i], CHECKPOINT_KEY))
            return config_bad_value(err, "chain.checkpoint_signers.keys", "33 bytes of hex each");
    }
    if (!json_u64(j, "threshold", n, &threshold) || threshold == 0)
        return config_bad_value(err, "chain.checkpoint_signers.threshold",
                                "1 to the number of keys");
    *out = (struct checkpoint_signers){(const uint8_t(*)[CHECKPOINT_KEY])v, n, (size_t)threshold};
    return checkpoint_signers_ok(out, err);
}

/* read_start: what the light client begins at. */
static enum rc read_start(struct arena *a, const json_t *j, struct config *c, struct err *err)
{
    static const char *const keys[] = {"root", "slot"};
    struct lc_config *lc = &c->chain.light_client;
    const json_t *start = json_object_get(j, "checkpoint"),
                 *signers = json_object_get(j, "checkpoint_signers");
    if (start) {
        TRY(config_only(start, "chain.checkpoint", keys, 2, err));
        if (!json_hex(start, "root", true, lc->checkpoint.root, 32))
            return config_bad_value(err, "chain.checkpoint.root", "32 bytes of hex");
        if (!json_u64(start, "slot", INT64_MAX, &lc->checkpoint.slot))
            return config_bad_value(err, "chain.checkpoint.slot", "a number");
        c->has_checkpoint = true;
    }
    return signers ? read_signers(a, signers, &c->signers, err) : RC_OK;
}

static enum rc read_ethereum(struct arena *a, const json_t *j, struct config *c, struct err *err)
{
    static const char *const keys[] = {"source",
                                       "chain_id",
                                       "kms_contract",
                                       "network",
                                       "checkpoint",
                                       "checkpoint_signers",
                                       "checkpoint_max_age",
                                       "head",
                                       "max_head_age",
                                       "el_forks"};
    struct lc_config *lc = &c->chain.light_client;
    struct bytes head = bytes_of_str("finalized");
    TRY(config_only(j, "chain", keys, sizeof keys / sizeof *keys, err));
    c->chain.source = CHAIN_ETHEREUM;
    if (json_object_get(j, "head") && !json_str(j, "head", &head))
        head = BYTES_NONE;
    lc->head = bytes_eq_str(head, "finalized")  ? LC_HEAD_FINALIZED
               : bytes_eq_str(head, "attested") ? LC_HEAD_ATTESTED
                                                : 0;
    if (!lc->head)
        return config_bad_value(err, "chain.head", "finalized or attested");
    c->chain.max_head_age = lc->head == LC_HEAD_FINALIZED ? FINALIZED_AGE : ATTESTED_AGE;
    TRY(read_contract(a, j, &c->chain, err));
    lc->max_head_age = c->chain.max_head_age;
    lc->checkpoint_max_age = CHECKPOINT_AGE;
    TRY(config_seconds(j, "checkpoint_max_age", "chain.checkpoint_max_age", &lc->checkpoint_max_age,
                       err));
    TRY(read_network(a, json_object_get(j, "network"), &c->chain, err));
    return read_start(a, j, c, err);
}

const char *config_source_name(enum chain_source_kind k)
{
    switch (k) {
    case CHAIN_PINNED:
        return "pinned";
    case CHAIN_ETHEREUM:
        return "ethereum";
    case CHAIN_NEAR:
        return "near";
    case CHAIN_SOURCE_NONE:
        break;
    }
    return NULL;
}

static enum rc read_chain(struct arena *a, const json_t *j, struct config *c, struct err *err)
{
    static const char *const later[] = {"op-stack", "file"};
    struct bytes source = BYTES_NONE;
    if (!json_is_object(j))
        return config_only(j, "chain", NULL, 0, err);
    if (!json_str(j, "source", &source))
        return config_bad_value(err, "chain.source", "a string");
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (bytes_eq_str(source, later[i]))
            return err_set(err, BG_CONFIG_SOURCE_LATER, "%s", later[i]);
    if (bytes_eq_str(source, config_source_name(CHAIN_PINNED)))
        return read_pinned(a, j, &c->chain, err);
    if (bytes_eq_str(source, config_source_name(CHAIN_ETHEREUM)))
        return read_ethereum(a, j, c, err);
    if (bytes_eq_str(source, config_source_name(CHAIN_NEAR)))
        return config_near_read(a, j, c, err);
    return config_bad_value(err, "chain.source", "ethereum, near or pinned");
}

enum rc config_chain_begins(const struct config *c, struct err *err)
{
    if (c->chain.source == CHAIN_ETHEREUM && !c->has_checkpoint && !c->signers.num_keys)
        return err_set(err, BG_CONFIG_NO_START,
                       "chain has neither checkpoint nor checkpoint_signers");
    return RC_OK;
}

/* base: a path is put behind each, so that it can't have a query. */
enum rc config_chain_read(struct arena *a, const json_t *j, struct config *c, struct err *err)
{
    const json_t *chain = json_object_get(j, "chain");
    if (chain)
        TRY(read_chain(a, chain, c, err));
    TRY(config_urls(a, j, "rpc", false, &c->rpc, err));
    TRY(config_urls(a, j, "beacon", true, &c->beacon, err));
    TRY(config_urls(a, j, "checkpoints", false, &c->checkpoints, err));
    if (json_object_get(j, "store"))
        TRY(config_path(a, j, "store", "store", &c->store, err));
    bool light = c->chain.source == CHAIN_ETHEREUM;
    /* The store also holds collateral, whatever the chain. */
    bool store = light || c->chain.source == CHAIN_NEAR || json_object_get(j, "collateral");
    if ((c->beacon.n && !light) || (c->store && !store))
        return err_set(err, BG_CONFIG_NOT_SOURCE, "%s", c->beacon.n && !light ? "beacon" : "store");
    if (c->checkpoints.n && !c->signers.num_keys)
        return err_set(err, BG_CONFIG_NO_SIGNERS, "%s", "checkpoints");
    return RC_OK;
}
