#include "policy/eth/header.h"

#include "base/date.h"

/*
 * Activation times. The consensus layer's fork epochs (consensus-specs configs/mainnet.yaml,
 * eth-clients/sepolia and /hoodi, gnosischain/configs mainnet) give the execution layer's: genesis
 * time + epoch * seconds per epoch; Capella is Shanghai, Deneb Cancun, Electra Prague, Fulu Osaka.
 * Paris was set by total difficulty, so before the first row the header's shape decides.
 */
#define AT(genesis, epoch, seconds) ((genesis) + UINT64_C(epoch) * (seconds))

#define MAINNET(epoch) AT(UINT64_C(1606824023), epoch, 32 * 12)
#define SEPOLIA(epoch) AT(UINT64_C(1655733600), epoch, 32 * 12)
#define HOODI(epoch)   AT(UINT64_C(1742213400), epoch, 32 * 12)
/* gnosis: 1638993340 follows from the dates that its config gives beside the Capella and Deneb
 * epochs. */
#define GNOSIS(epoch) AT(UINT64_C(1638993340), epoch, 16 * 5)

static const struct eth_fork_time mainnet[] = {
    {ETH_SHANGHAI, MAINNET(194048)},
    {ETH_CANCUN, MAINNET(269568)},
    {ETH_PRAGUE, MAINNET(364032)},
    {ETH_OSAKA, MAINNET(411392)},
};
static const struct eth_fork_time sepolia[] = {
    {ETH_SHANGHAI, SEPOLIA(56832)},
    {ETH_CANCUN, SEPOLIA(132608)},
    {ETH_PRAGUE, SEPOLIA(222464)},
    {ETH_OSAKA, SEPOLIA(272640)},
};
static const struct eth_fork_time hoodi[] = {
    {ETH_CANCUN, 0}, /* Deneb since genesis */
    {ETH_PRAGUE, HOODI(2048)},
    {ETH_OSAKA, HOODI(50688)},
};
static const struct eth_fork_time gnosis[] = {
    {ETH_SHANGHAI, GNOSIS(648704)},
    {ETH_CANCUN, GNOSIS(889856)},
    {ETH_PRAGUE, GNOSIS(1337856)},
    {ETH_OSAKA, GNOSIS(1714688)},
};

static const struct {
    uint64_t chain_id;
    const struct eth_fork_time *rows;
    size_t n;
} chains[] = {
    {1, mainnet, sizeof mainnet / sizeof *mainnet},
    {11155111, sepolia, sizeof sepolia / sizeof *sepolia},
    {560048, hoodi, sizeof hoodi / sizeof *hoodi},
    {100, gnosis, sizeof gnosis / sizeof *gnosis},
};

static const char *const names[ETH_FORK_MAX] = {
    [ETH_FORK_NONE] = "none", [ETH_FRONTIER_TO_LONDON] = "before-paris",
    [ETH_PARIS] = "paris",    [ETH_SHANGHAI] = "shanghai",
    [ETH_CANCUN] = "cancun",  [ETH_PRAGUE] = "prague",
    [ETH_OSAKA] = "osaka",
};

const char *eth_fork_name(enum eth_fork f)
{
    return f < ETH_FORK_MAX ? names[f] : names[ETH_FORK_NONE];
}

enum eth_fork eth_fork_read(struct bytes name)
{
    for (unsigned f = ETH_PARIS; f < ETH_FORK_MAX; f++)
        if (bytes_eq_str(name, names[f]))
            return (enum eth_fork)f;
    return ETH_FORK_NONE;
}

/* shape_of: the first fork whose headers look like this one. Osaka's look like Prague's. */
static enum eth_fork shape_of(const struct eth_header *h)
{
    if (h->has_requests_hash)
        return ETH_PRAGUE;
    if (h->has_beacon_root)
        return ETH_CANCUN;
    if (h->has_withdrawals_root)
        return ETH_SHANGHAI;
    return h->pos && h->has_base_fee ? ETH_PARIS : ETH_FRONTIER_TO_LONDON;
}

/* newest_of: the newest fork before `end` whose headers have this shape, else NONE. */
static enum eth_fork newest_of(enum eth_fork shape, enum eth_fork end)
{
    if (shape == ETH_PRAGUE && ETH_OSAKA < end)
        return ETH_OSAKA;
    return shape < end ? shape : ETH_FORK_NONE;
}

/*
 * by_table: the newest fork begun by a table, custom or the chain's own; ETH_FORK_NONE: none yet,
 * or no table. *out_first: the oldest fork of the table.
 */
static enum rc by_table(const struct eth_header *h, uint64_t chain_id,
                        const struct eth_fork_time *custom, size_t num_custom, enum eth_fork *out,
                        enum eth_fork *out_first, struct err *err)
{
    const struct eth_fork_time *rows = custom;
    size_t n = num_custom;
    for (size_t i = 0; num_custom == 0 && i < sizeof chains / sizeof *chains; i++)
        if (chains[i].chain_id == chain_id) {
            rows = chains[i].rows;
            n = chains[i].n;
        }
    *out = ETH_FORK_NONE;
    *out_first = ETH_FORK_MAX;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].fork < ETH_PARIS || rows[i].fork >= ETH_FORK_MAX)
            return err_set(err, BG_FORK_TABLE, "row %zu", i);
        if (rows[i].fork < *out_first)
            *out_first = rows[i].fork;
        if (h->timestamp >= rows[i].timestamp && rows[i].fork > *out)
            *out = rows[i].fork;
    }
    return RC_OK;
}

enum rc eth_fork_of(const struct eth_header *h, uint64_t chain_id,
                    const struct eth_fork_time *custom, size_t num_custom, enum eth_fork *out,
                    struct err *err)
{
    enum eth_fork active, first;
    TRY(by_table(h, chain_id, custom, num_custom, &active, &first, err));
    enum eth_fork shape = shape_of(h);
    if (shape >= ETH_SHANGHAI && !h->pos)
        return err_set(err, BG_FORK_MERGE, "block %llu", (unsigned long long)h->number);
    /* Before the table's first row, or without a table, the shape decides. */
    enum eth_fork got = active ? active : newest_of(shape, first);
    if (got == ETH_FORK_NONE || (got == ETH_OSAKA ? ETH_PRAGUE : got) != shape)
        return err_set(err, BG_FORK_SHAPE, "block %llu at %s: the table says %s, the fields %s",
                       (unsigned long long)h->number, date_of(h->timestamp).s, eth_fork_name(got),
                       eth_fork_name(shape));
    *out = got;
    return RC_OK;
}

enum rc eth_fork_of_beacon(const struct eth_header *h, enum eth_fork said, uint64_t chain_id,
                           const struct eth_fork_time *custom, size_t num_custom,
                           enum eth_fork *out, struct err *err)
{
    enum eth_fork active, first;
    TRY(by_table(h, chain_id, custom, num_custom, &active, &first, err));
    bool fields = said >= ETH_PARIS && said < ETH_FORK_MAX && h->pos && h->has_base_fee &&
                  h->has_withdrawals_root == (said >= ETH_SHANGHAI) &&
                  h->has_blob_gas == (said >= ETH_CANCUN);
    if (!fields || (active ? active != said : said >= first))
        return err_set(err, BG_FORK_BEACON, "block %llu at %s: the beacon chain says %s, %s %s",
                       (unsigned long long)h->number, date_of(h->timestamp).s,
                       eth_fork_name(said < ETH_FORK_MAX ? said : ETH_FORK_NONE),
                       fields ? "the table" : "and its fields are not those of",
                       eth_fork_name(fields ? active : said));
    *out = said;
    return RC_OK;
}
