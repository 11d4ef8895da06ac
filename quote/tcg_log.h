/*
 * tcg_log: the records of a crypto-agile event log, one at a time: TCG PC Client Platform Firmware
 * Profile 1.06, sections 10.2 (records) and 10.4.5 (Spec ID Event03). What an index means (a TPM's
 * PCR, a TD's register) is the caller's business. Views point into the log; nothing is trusted.
 */
#ifndef BOOTGATE_QUOTE_TCG_LOG_H
#define BOOTGATE_QUOTE_TCG_LOG_H

#include "base/cur.h"
#include "base/err.h"

#define TCG_SHA256         0x000bu
#define TCG_SHA384         0x000cu
#define TCG_ALGORITHMS_MAX 16u

struct tcg_algorithms {
    uint16_t id[TCG_ALGORITHMS_MAX], size[TCG_ALGORITHMS_MAX];
    size_t n;
};

struct tcg_record {
    uint32_t index, type;
    struct bytes sha256, sha384; /* p is NULL: the record has none */
    struct bytes data;
};

/* tcg_log_header reads the first record, which lists the digests of all others. */
enum rc tcg_log_header(struct cur *c, struct tcg_algorithms *out, struct err *err) MUST_CHECK;
bool tcg_log_has(const struct tcg_algorithms *algs, uint16_t id);
/* tcg_log_at_end: nothing left, 0xff padding, or a record of nothing but zeros. */
bool tcg_log_at_end(const struct cur *at);
/* tcg_log_record reads the next record; offset is where it stands, for the error. */
enum rc tcg_log_record(struct cur *c, const struct tcg_algorithms *algs, size_t offset,
                       struct tcg_record *out, struct err *err) MUST_CHECK;

#endif
