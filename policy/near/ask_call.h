/*
 * ask_call: dstack's question to near-kms' contracts by proof of call: the contracts' own code ran,
 * with arguments that nobody could know before this run (facts/near.md 3.1, option B). No layout of
 * state, no code hash and no clock is relied on; somebody has to send the transactions.
 */
#ifndef BOOTGATE_POLICY_NEAR_ASK_CALL_H
#define BOOTGATE_POLICY_NEAR_ASK_CALL_H

#include "policy/near/ask.h"

#define NEAR_NONCE 32u

/*
 * near_ask_call: as near_ask. nonce: random bytes of this run, or those of a recording
 * (near_recorded_nonce). Every call has to say yes; the first no decides, with its own words.
 * out->chain names the oldest block that ran one of the calls, which must be as young as
 * max_head_age wants. assurance: "proof-of-call". gatewayAppId and kmsInfo stay unknown.
 */
enum rc near_ask_call(struct arena *a, const struct near_config *cfg, const struct near_head *head,
                      enum chain_question question, const struct boot_info *bi,
                      const uint8_t nonce[static NEAR_NONCE], const struct answers *answers,
                      uint64_t now, struct needs *out_needs, struct checks *checks,
                      struct near_result *out, struct err *out_last_bad,
                      struct err *err) MUST_CHECK;

/* near_recorded_nonce finds the nonce of the newest recorded call; false: none is recorded. */
bool near_recorded_nonce(struct arena *a, const struct answers *answers,
                         uint8_t out[static NEAR_NONCE]) MUST_CHECK;

#endif
