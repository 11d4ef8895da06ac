/*
 * tcg_pcr: a boot event log replayed to one bank of a TPM's PCRs 0 to 15, and held against what the
 * TPM says. Source: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4 (PCR usage) and
 * 10.4.5.3 (StartupLocality: what PCR 0 starts from).
 */
#ifndef BOOTGATE_QUOTE_TCG_PCR_H
#define BOOTGATE_QUOTE_TCG_PCR_H

#include "quote/tcg_log.h"

#define TCG_PCRS 16u

struct tcg_pcrs {
    uint16_t bank; /* TCG_SHA256 or TCG_SHA384 */
    size_t size;   /* 32 or 48: of each value, from its start */
    uint8_t value[TCG_PCRS][48];
    size_t events[TCG_PCRS]; /* how many extended it */
};

/* tcg_pcr_replay: the values that the log leads to. NOT checked: that any of it happened. */
enum rc tcg_pcr_replay(struct bytes log, uint16_t bank, struct tcg_pcrs *out,
                       struct err *err) MUST_CHECK;
/*
 * tcg_pcr_match demands that each PCR of the set (bit i: PCR i) has in `tpm` (same bank, as read or
 * quoted) the replayed value. Refused before that: an empty set, a member beyond 15, a member whose
 * bits are all 0 or all 1. NOT checked: what the events cover; event data, which digests need not
 * cover.
 */
enum rc tcg_pcr_match(const struct tcg_pcrs *replayed, uint32_t set,
                      const uint8_t tpm[TCG_PCRS][48], struct err *err) MUST_CHECK;

#endif
