/*
 * chain_slots: where dstack's contracts keep what a decision reads (storage layout: facts/chain.md
 * section 4, dstack kms/auth-eth). Used to ask for everything at once and to name slots in a
 * listing, never to decide: a contract with another layout only costs more round trips.
 */
#ifndef BOOTGATE_POLICY_CHAIN_SLOTS_H
#define BOOTGATE_POLICY_CHAIN_SLOTS_H

#include "policy/chain.h"
#include "policy/chain_state.h"

/* ERC-1967: keccak256("eip1967.proxy.implementation") - 1. */
extern const uint8_t slot_erc1967_implementation[32];

struct slot_guess {
    uint8_t address[20], slot[32];
    const char *label;
    bool extra; /* only the extra reads want it */
};

#define SLOT_GUESSES_MAX 24

struct slot_guesses {
    struct slot_guess v[SLOT_GUESSES_MAX];
    size_t n;
};

/* chain_slots_guess lists what the usual decision reads. */
void chain_slots_guess(enum chain_question question, const struct boot_info *bi,
                       const uint8_t kms[static 20], struct slot_guesses *out);
/* chain_slots_label: NULL: not one we know. */
const char *chain_slots_label(const struct slot_guesses *g, const uint8_t address[static 20],
                              const uint8_t slot[static 32]);
/*
 * chain_slots_prefetch looks up what the guesses name and the codes that go with it, so that what
 * is missing becomes wished needs; extras too when asked for.
 */
void chain_slots_prefetch(struct chain_state *st, const struct slot_guesses *g,
                          const uint8_t kms[static 20], const uint8_t *app, bool extras);
/*
 * chain_slots_kms_info looks up the words of kmsInfo's four byte strings whose lengths are proven
 * or usual. False: they are more than is worth asking for.
 */
bool chain_slots_kms_info(struct chain_state *st, const uint8_t kms[static 20]);
/* chain_slots_implementation: the ERC-1967 implementation; *out_is false: the slot names none. */
bool chain_slots_implementation(struct chain_state *st, const uint8_t address[static 20],
                                uint8_t out[static 20], bool *out_is);

#endif
