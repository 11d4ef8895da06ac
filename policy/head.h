/*
 * head: a proven execution block. Only two places make one: light_client_step (policy/beacon, by
 * the sync committee) and chain_head_pinned (policy/chain_head.c, by a hash in the configuration).
 */
#ifndef BOOTGATE_POLICY_HEAD_H
#define BOOTGATE_POLICY_HEAD_H

#include "policy/eth/header.h"

struct head_facts {
    struct eth_header header; /* what the EVM needs; has_requests_hash is not known from a beacon
                                 chain */
    enum eth_fork fork;       /* rules by the beacon fork; ETH_FORK_NONE: from chain id and time */
    const char *assurance;    /* "pinned", "finalized", "attested"; static */
    bool by_light_client;
    uint64_t slot;           /* of the beacon block */
    uint8_t beacon_root[32]; /* its root */
    uint64_t signature_slot; /* 0: the bootstrap itself, never a head */
    size_t participants, committee_size;
    const char *network; /* name */
    uint8_t checkpoint_root[32];
    uint64_t checkpoint_slot;
    size_t updates; /* applied on the way from the checkpoint */
};

struct chain_head; /* opaque */
const struct head_facts *head_facts_of(const struct chain_head *h);

#endif
