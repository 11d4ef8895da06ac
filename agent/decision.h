/*
 * decision: the gate's decision in a child process that never holds key material. Network and
 * parsing happen there; what comes back is a record of fixed size, and the rendered report as bytes
 * that the parent passes on without looking into them.
 *
 * The record, all numbers big-endian:
 *     0   20  "bootgate/verdict/v1\n"
 *     20   1  decision: 0x5a allowed, 0 not
 *     21   1  whose boot was asked about: 1 app, 2 kms, 0 not known
 *     22   2  exit status of the decision
 *     24   4  code, the number of BG-NNNN; 0 when allowed
 *     28   8  the time the decision was taken for, Unix seconds
 *     36   8  chain id; 0 for source near
 *     44  20  KMS contract; for source near the first 20 bytes of SHA-256(network_id || 00 ||
 *             contract_id || 00 || app_account as configured)
 *     64  20  app id; zero when not known
 *     84  32  block hash; zero when no block was proven
 *    116  32  mrAggregated; zero when there is no boot info
 *    148  32  SHA-256 of the effective configuration
 * Its digest (SHA-256, or SHA-384 in that PCR bank) is what the gate PCR is extended with.
 */
#ifndef BOOTGATE_AGENT_DECISION_H
#define BOOTGATE_AGENT_DECISION_H

#include "agent/authtime.h"
#include "agent/cli.h"
#include "agent/collect.h"
#include "agent/config.h"
#include "agent/report.h"
#include "agent/store.h"
#include "agent/watch.h"

#define DECISION_RECORD     180u
#define DECISION_REPORT_MAX (1u << 20) /* the rendered report, bytes */

struct decision {
    bool allow;
    uint8_t view;
    uint16_t status;
    uint32_t code;
    uint64_t time, chain_id;
    uint8_t kms_contract[20], app_id[20];
    uint8_t block_hash[32], mr_aggregated[32], config_sha256[32];
};

void decision_encode(const struct decision *d, uint8_t out[static DECISION_RECORD]);
/* decision_decode: false for anything that decision_encode does not make. */
bool decision_decode(struct bytes record, struct decision *out) MUST_CHECK;
/* decision_contract: the KMS contract as the record names it. */
void decision_contract(const struct config *c, uint8_t out[static 20]);
/* decision_answers: it is about what c asks: chain, contract, configuration, and the pinned app. */
bool decision_answers(const struct config *c, const struct decision *d) MUST_CHECK;
/* decision_failed is the record of a decision that could not be taken. */
void decision_failed(const struct config *c, uint64_t time, enum rc code, struct decision *out);

/* struct decided: what came back. All but the decision is passed on without a look into it. */
struct decided {
    struct decision decision;
    struct bytes report;     /* rendered */
    struct store_files keep; /* for the store */
    struct tpm_floor floor;  /* how far the chain was seen; zero: not */
};

/* struct decision_input: what the child is given beside the command line. */
struct decision_input {
    const struct config *config;
    const struct store_files *stored;
    const struct report_tpm *tpm;      /* with the floor that was read from it; NULL: none */
    const struct authtime *time;       /* as asked before; NULL: nobody was */
    const struct collected *collected; /* NULL: the evidence is what the command line names */
};

/*
 * decision_run decides in a child, until the deadline. RC_OK: the child ended by itself with a
 * whole record and report; what it says may still be no. The child gets what the store held as
 * bytes, and hands back what it is to hold: it can change no file itself. *out is in the arena.
 */
enum rc decision_run(struct arena *a, const struct cli *cli, const struct decision_input *in,
                     const struct watch *w, struct decided *out, struct err *err) MUST_CHECK;

#endif
