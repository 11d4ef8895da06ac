/*
 * network: what a beacon chain is: genesis, presets and forks, as data. Built in: mainnet, sepolia,
 * hoodi, gnosis; a configuration may describe others. Sources: consensus-specs configs/ and
 * presets/, eth-clients/{mainnet,sepolia,hoodi}, gnosischain/configs (facts/ethereum.md section 3).
 */
#ifndef BOOTGATE_POLICY_BEACON_NETWORK_H
#define BOOTGATE_POLICY_BEACON_NETWORK_H

#include "base/bytes.h"
#include "base/err.h"
#include "policy/eth/header.h"

enum beacon_fork {
    BEACON_FORK_NONE = 0,
    BEACON_PHASE0,
    BEACON_ALTAIR,
    BEACON_BELLATRIX,
    BEACON_CAPELLA,
    BEACON_DENEB,
    BEACON_ELECTRA,
    BEACON_FULU,
    BEACON_FORK_MAX
};

struct beacon_fork_at {
    enum beacon_fork fork;
    uint8_t version[4];
    uint64_t epoch;
};

#define BEACON_COMMITTEE_MAX 512u

struct beacon_network {
    const char *name;
    uint64_t chain_id;     /* of the execution layer; 0: a custom network, any */
    uint64_t genesis_time; /* Unix seconds */
    uint8_t genesis_validators_root[32];
    uint64_t seconds_per_slot, slots_per_epoch, epochs_per_period; /* none is 0 */
    size_t committee_size;                                         /* 512 or 32 */
    const struct beacon_fork_at *forks; /* by epoch, ascending; the first at epoch 0 */
    size_t num_forks;
};

/* beacon_network_named: NULL: not built in. Static storage. */
const struct beacon_network *beacon_network_named(struct bytes name);
/* beacon_network_of_chain: the built-in network with this execution chain id, or NULL. */
const struct beacon_network *beacon_network_of_chain(uint64_t chain_id);
/* beacon_network_at walks the built-in ones; NULL after the last. */
const struct beacon_network *beacon_network_at(size_t i);
/* beacon_preset fills in slots_per_epoch, epochs_per_period, committee_size: "mainnet", "minimal",
 * "gnosis". */
bool beacon_preset(struct bytes name, struct beacon_network *out) MUST_CHECK;
/* beacon_network_ok: the invariants above hold (for custom ones). *why: static. */
bool beacon_network_ok(const struct beacon_network *n, const char **why) MUST_CHECK;

/* The fork at a slot; past the table's end the last one stays (a wrong guess fails the signature).
 */
const struct beacon_fork_at *beacon_fork_at_slot(const struct beacon_network *n, uint64_t slot);
uint64_t beacon_period_at_slot(const struct beacon_network *n, uint64_t slot);
/* beacon_slot_at: the slot at a time; 0 before genesis. */
uint64_t beacon_slot_at(const struct beacon_network *n, uint64_t now);
/* beacon_time_of: start of a slot; saturates. */
uint64_t beacon_time_of(const struct beacon_network *n, uint64_t slot);
const char *beacon_fork_name(enum beacon_fork f); /* "deneb", .. */
enum beacon_fork beacon_fork_read(struct bytes name);
/* beacon_el_fork: the execution fork that goes with it (Capella: Shanghai, .. Fulu: Osaka). */
enum eth_fork beacon_el_fork(enum beacon_fork f);

#endif
