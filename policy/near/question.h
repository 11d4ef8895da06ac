/* question: what both ways of asking near-kms' contracts (ask.h, ask_call.h) have in common. */
#ifndef BOOTGATE_POLICY_NEAR_QUESTION_H
#define BOOTGATE_POLICY_NEAR_QUESTION_H

#include "policy/near/ask.h"
#include "policy/near/contract.h"

struct near_question {
    const struct near_config *cfg;
    enum chain_question question;
    const struct boot_info *bi;
    struct near_boot boot;
    struct bytes kms, app; /* accounts; app is empty where the question is about a KMS */
};

/* near_question_open: the head is one that cfg allows, the accounts have names. */
enum rc near_question_open(struct arena *a, const struct near_config *cfg,
                           const struct near_head *head, enum chain_question question,
                           const struct boot_info *bi, uint64_t now, struct near_question *out,
                           struct err *err) MUST_CHECK;
/* near_deny: code and the words of the no. */
void near_deny(struct near_result *r, enum rc code, const char *reason);
/*
 * near_has_instance_id: the views take an AppBootInfo whose instance_id is an AccountId: an empty
 * one fails to parse on chain, and so every call with it is a no (facts/near.md 1.4 T2, our
 * reading).
 */
bool near_has_instance_id(const struct near_question *q, struct near_result *r);
/* near_question_checks appends chain.header, chain.age and chain.call. source: of the last. */
enum rc near_question_checks(struct arena *a, const struct near_question *q,
                             const struct near_result *r, const char *source, uint64_t now,
                             struct checks *checks, struct err *err) MUST_CHECK;

#endif
