/*
 * head_make: what a proven head is made of. Private: included only by policy/chain_head.c and
 * policy/beacon/light_client.c, the two places that prove one.
 */
#ifndef BOOTGATE_POLICY_HEAD_MAKE_H
#define BOOTGATE_POLICY_HEAD_MAKE_H

#include "policy/head.h"

struct chain_head {
    struct head_facts facts;
};

#endif
