/*
 * chain_code: which code answered. Account proofs give the code hashes of the KMS, the app and
 * their ERC-1967 implementations; app_code and kms_code of the configuration judge them.
 */
#ifndef BOOTGATE_POLICY_CHAIN_CODE_H
#define BOOTGATE_POLICY_CHAIN_CODE_H

#include "policy/chain.h"
#include "policy/chain_state.h"

/*
 * chain_code_look fills r->codes. app may be NULL. What is not proven is noted as the two misses
 * say; st->miss is left as it was.
 */
void chain_code_look(struct chain_state *st, const uint8_t kms[static 20], enum chain_miss kms_miss,
                     const uint8_t *app, enum chain_miss app_miss, struct chain_result *r);
/*
 * chain_code_checks appends chain.kms_code and, for an app, chain.app_code. The rule
 * `implementation` wants: the app's ERC-1967 implementation is the KMS's appImplementation(), the
 * app's proxy has the KMS proxy's code (a contract of any other code may ignore the slot it shows),
 * and no further code was read. `hashes` wants every code the call read to be listed.
 */
enum rc chain_code_checks(struct chain_state *st, const struct chain_config *cfg,
                          const uint8_t *app, const struct chain_result *r, struct checks *checks,
                          struct err *err) MUST_CHECK;

#endif
