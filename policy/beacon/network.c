#include "policy/beacon/network.h"

#include "base/ck.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* consensus-specs configs/mainnet.yaml */
static const struct beacon_fork_at mainnet_forks[] = {
    {BEACON_PHASE0, {0x00, 0x00, 0x00, 0x00}, 0},
    {BEACON_ALTAIR, {0x01, 0x00, 0x00, 0x00}, 74240},
    {BEACON_BELLATRIX, {0x02, 0x00, 0x00, 0x00}, 144896},
    {BEACON_CAPELLA, {0x03, 0x00, 0x00, 0x00}, 194048},
    {BEACON_DENEB, {0x04, 0x00, 0x00, 0x00}, 269568},
    {BEACON_ELECTRA, {0x05, 0x00, 0x00, 0x00}, 364032},
    {BEACON_FULU, {0x06, 0x00, 0x00, 0x00}, 411392},
};

/* eth-clients/sepolia metadata/config.yaml */
static const struct beacon_fork_at sepolia_forks[] = {
    {BEACON_PHASE0, {0x90, 0x00, 0x00, 0x69}, 0},
    {BEACON_ALTAIR, {0x90, 0x00, 0x00, 0x70}, 50},
    {BEACON_BELLATRIX, {0x90, 0x00, 0x00, 0x71}, 100},
    {BEACON_CAPELLA, {0x90, 0x00, 0x00, 0x72}, 56832},
    {BEACON_DENEB, {0x90, 0x00, 0x00, 0x73}, 132608},
    {BEACON_ELECTRA, {0x90, 0x00, 0x00, 0x74}, 222464},
    {BEACON_FULU, {0x90, 0x00, 0x00, 0x75}, 272640},
};

/* eth-clients/hoodi metadata/config.yaml: Deneb since genesis */
static const struct beacon_fork_at hoodi_forks[] = {
    {BEACON_PHASE0, {0x10, 0x00, 0x09, 0x10}, 0},
    {BEACON_ALTAIR, {0x20, 0x00, 0x09, 0x10}, 0},
    {BEACON_BELLATRIX, {0x30, 0x00, 0x09, 0x10}, 0},
    {BEACON_CAPELLA, {0x40, 0x00, 0x09, 0x10}, 0},
    {BEACON_DENEB, {0x50, 0x00, 0x09, 0x10}, 0},
    {BEACON_ELECTRA, {0x60, 0x00, 0x09, 0x10}, 2048},
    {BEACON_FULU, {0x70, 0x00, 0x09, 0x10}, 50688},
};

/* gnosischain/configs mainnet/config.yaml */
static const struct beacon_fork_at gnosis_forks[] = {
    {BEACON_PHASE0, {0x00, 0x00, 0x00, 0x64}, 0},
    {BEACON_ALTAIR, {0x01, 0x00, 0x00, 0x64}, 512},
    {BEACON_BELLATRIX, {0x02, 0x00, 0x00, 0x64}, 385536},
    {BEACON_CAPELLA, {0x03, 0x00, 0x00, 0x64}, 648704},
    {BEACON_DENEB, {0x04, 0x00, 0x00, 0x64}, 889856},
    {BEACON_ELECTRA, {0x05, 0x00, 0x00, 0x64}, 1337856},
    {BEACON_FULU, {0x06, 0x00, 0x00, 0x64}, 1714688},
};

/* presets/{mainnet,minimal}/{phase0,altair}.yaml; gnosischain/specs consensus/preset/gnosis */
static const struct {
    const char *name;
    uint64_t slots_per_epoch, epochs_per_period;
    size_t committee_size;
} presets[] = {
    {"mainnet", 32, 256, 512},
    {"minimal", 8, 8, 32},
    {"gnosis", 16, 512, 512},
};

static const struct beacon_network networks[] = {
    {
        .name = "mainnet",
        .chain_id = 1,
        .genesis_time = 1606824023,
        .genesis_validators_root = {0x4b, 0x36, 0x3d, 0xb9, 0x4e, 0x28, 0x61, 0x20,
                                    0xd7, 0x6e, 0xb9, 0x05, 0x34, 0x0f, 0xdd, 0x4e,
                                    0x54, 0xbf, 0xe9, 0xf0, 0x6b, 0xf3, 0x3f, 0xf6,
                                    0xcf, 0x5a, 0xd2, 0x7f, 0x51, 0x1b, 0xfe, 0x95},
        .seconds_per_slot = 12,
        .slots_per_epoch = 32,
        .epochs_per_period = 256,
        .committee_size = 512,
        .forks = mainnet_forks,
        .num_forks = COUNT(mainnet_forks),
    },
    {
        .name = "sepolia",
        .chain_id = 11155111,
        .genesis_time = 1655733600,
        .genesis_validators_root = {0xd8, 0xea, 0x17, 0x1f, 0x3c, 0x94, 0xae, 0xa2,
                                    0x1e, 0xbc, 0x42, 0xa1, 0xed, 0x61, 0x05, 0x2a,
                                    0xcf, 0x3f, 0x92, 0x09, 0xc0, 0x0e, 0x4e, 0xfb,
                                    0xaa, 0xdd, 0xac, 0x09, 0xed, 0x9b, 0x80, 0x78},
        .seconds_per_slot = 12,
        .slots_per_epoch = 32,
        .epochs_per_period = 256,
        .committee_size = 512,
        .forks = sepolia_forks,
        .num_forks = COUNT(sepolia_forks),
    },
    {
        .name = "hoodi",
        .chain_id = 560048,
        .genesis_time = 1742213400,
        .genesis_validators_root = {0x21, 0x2f, 0x13, 0xfc, 0x4d, 0xf0, 0x78, 0xb6,
                                    0xcb, 0x7d, 0xb2, 0x28, 0xf1, 0xc8, 0x30, 0x75,
                                    0x66, 0xdc, 0xec, 0xf9, 0x00, 0x86, 0x74, 0x01,
                                    0xa9, 0x20, 0x23, 0xd7, 0xba, 0x99, 0xcb, 0x5f},
        .seconds_per_slot = 12,
        .slots_per_epoch = 32,
        .epochs_per_period = 256,
        .committee_size = 512,
        .forks = hoodi_forks,
        .num_forks = COUNT(hoodi_forks),
    },
    {
        /*
         * Genesis came when the last of the validators it needed had deposited, so it is later than
         * MIN_GENESIS_TIME + GENESIS_DELAY. 1638993340: ChainSafe/lodestar networks.ts genesisData,
         * erigon clparams; it fits the dates that gnosischain/configs gives beside fork epochs.
         */
        .name = "gnosis",
        .chain_id = 100,
        .genesis_time = 1638993340,
        .genesis_validators_root = {0xf5, 0xdc, 0xb5, 0x56, 0x4e, 0x82, 0x9a, 0xab,
                                    0x27, 0x26, 0x4b, 0x9b, 0xec, 0xd5, 0xdf, 0xaa,
                                    0x01, 0x70, 0x85, 0x61, 0x12, 0x24, 0xcb, 0x30,
                                    0x36, 0xf5, 0x73, 0x36, 0x8d, 0xbb, 0x9d, 0x47},
        .seconds_per_slot = 5,
        .slots_per_epoch = 16,
        .epochs_per_period = 512,
        .committee_size = 512,
        .forks = gnosis_forks,
        .num_forks = COUNT(gnosis_forks),
    },
};

static const char *const fork_names[BEACON_FORK_MAX] = {
    [BEACON_FORK_NONE] = "none",      [BEACON_PHASE0] = "phase0",   [BEACON_ALTAIR] = "altair",
    [BEACON_BELLATRIX] = "bellatrix", [BEACON_CAPELLA] = "capella", [BEACON_DENEB] = "deneb",
    [BEACON_ELECTRA] = "electra",     [BEACON_FULU] = "fulu",
};

const struct beacon_network *beacon_network_at(size_t i)
{
    return i < COUNT(networks) ? &networks[i] : NULL;
}

const struct beacon_network *beacon_network_named(struct bytes name)
{
    for (size_t i = 0; i < COUNT(networks); i++)
        if (bytes_eq_str(name, networks[i].name))
            return &networks[i];
    return NULL;
}

const struct beacon_network *beacon_network_of_chain(uint64_t chain_id)
{
    for (size_t i = 0; i < COUNT(networks); i++)
        if (networks[i].chain_id == chain_id)
            return &networks[i];
    return NULL;
}

bool beacon_preset(struct bytes name, struct beacon_network *out)
{
    for (size_t i = 0; i < COUNT(presets); i++)
        if (bytes_eq_str(name, presets[i].name)) {
            out->slots_per_epoch = presets[i].slots_per_epoch;
            out->epochs_per_period = presets[i].epochs_per_period;
            out->committee_size = presets[i].committee_size;
            return true;
        }
    return false;
}

static bool forks_ok(const struct beacon_network *n, const char **why)
{
    *why = "the first fork begins at epoch 0";
    if (!n->forks || n->num_forks == 0 || n->forks[0].epoch != 0)
        return false;
    for (size_t i = 0; i < n->num_forks; i++) {
        const struct beacon_fork_at *f = &n->forks[i];
        uint64_t slot;
        *why = "a fork is not one of phase0 to fulu";
        if (f->fork <= BEACON_FORK_NONE || f->fork >= BEACON_FORK_MAX)
            return false;
        *why = "a fork's epoch is beyond any slot";
        if (!ck_mul_u64(f->epoch, n->slots_per_epoch, &slot))
            return false;
        *why = "forks are listed in their order, each once, with epochs that do not fall";
        if (i && (f->fork <= f[-1].fork || f->epoch < f[-1].epoch))
            return false;
        *why = "two forks have the same version";
        for (size_t k = 0; k < i; k++)
            if (memcmp(f->version, n->forks[k].version, sizeof f->version) == 0)
                return false;
    }
    return true;
}

bool beacon_network_ok(const struct beacon_network *n, const char **why)
{
    uint64_t period;
    *why = "a network has a name";
    if (!n->name || !*n->name)
        return false;
    *why = "seconds per slot, slots per epoch and epochs per period are at least 1";
    if (n->seconds_per_slot == 0 || n->slots_per_epoch == 0 || n->epochs_per_period == 0)
        return false;
    *why = "a period of so many slots is out of range";
    if (!ck_mul_u64(n->slots_per_epoch, n->epochs_per_period, &period))
        return false;
    *why = "a sync committee has 512 or 32 members";
    if (n->committee_size != BEACON_COMMITTEE_MAX && n->committee_size != 32)
        return false;
    *why = "the genesis validators root is zero";
    if (mem_is_zero(n->genesis_validators_root, sizeof n->genesis_validators_root))
        return false;
    if (!forks_ok(n, why))
        return false;
    *why = "";
    return true;
}

const struct beacon_fork_at *beacon_fork_at_slot(const struct beacon_network *n, uint64_t slot)
{
    static const struct beacon_fork_at none = {BEACON_FORK_NONE, {0}, 0};
    const struct beacon_fork_at *at = &none;
    uint64_t epoch = n->slots_per_epoch ? slot / n->slots_per_epoch : 0;
    for (size_t i = 0; i < n->num_forks && n->forks[i].epoch <= epoch; i++)
        at = &n->forks[i];
    return at;
}

uint64_t beacon_period_at_slot(const struct beacon_network *n, uint64_t slot)
{
    /* Two divisions: the product of the two could overflow, and the result is the same. */
    if (n->slots_per_epoch == 0 || n->epochs_per_period == 0)
        return 0;
    return slot / n->slots_per_epoch / n->epochs_per_period;
}

uint64_t beacon_slot_at(const struct beacon_network *n, uint64_t now)
{
    if (now < n->genesis_time || n->seconds_per_slot == 0)
        return 0;
    return (now - n->genesis_time) / n->seconds_per_slot;
}

uint64_t beacon_time_of(const struct beacon_network *n, uint64_t slot)
{
    uint64_t since, t;
    if (!ck_mul_u64(slot, n->seconds_per_slot, &since) || !ck_add_u64(n->genesis_time, since, &t))
        return UINT64_MAX;
    return t;
}

const char *beacon_fork_name(enum beacon_fork f)
{
    return (unsigned)f < BEACON_FORK_MAX ? fork_names[f] : fork_names[BEACON_FORK_NONE];
}

enum beacon_fork beacon_fork_read(struct bytes name)
{
    for (unsigned f = BEACON_PHASE0; f < BEACON_FORK_MAX; f++)
        if (bytes_eq_str(name, fork_names[f]))
            return (enum beacon_fork)f;
    return BEACON_FORK_NONE;
}

enum eth_fork beacon_el_fork(enum beacon_fork f)
{
    switch (f) {
    case BEACON_PHASE0:
    case BEACON_ALTAIR:
        return ETH_FRONTIER_TO_LONDON;
    case BEACON_BELLATRIX:
        return ETH_PARIS;
    case BEACON_CAPELLA:
        return ETH_SHANGHAI;
    case BEACON_DENEB:
        return ETH_CANCUN;
    case BEACON_ELECTRA:
        return ETH_PRAGUE;
    case BEACON_FULU:
        return ETH_OSAKA;
    case BEACON_FORK_NONE:
    case BEACON_FORK_MAX:
        break;
    }
    return ETH_FORK_NONE;
}
