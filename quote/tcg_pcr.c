#include "quote/tcg_pcr.h"

#include "base/hash.h"
#include "base/limits.h"
#include "quote/evlog.h"

/* StartupLocality: which of the values the TPM gave PCR 0 at its start. */
static enum rc locality(const struct tcg_record *r, struct tcg_pcrs *p, bool *seen, struct err *err)
{
    static const uint8_t signature[16] = "StartupLocality";
    if (r->data.n < sizeof signature || memcmp(r->data.p, signature, sizeof signature) != 0)
        return RC_OK;
    unsigned at = r->data.n == sizeof signature + 1 ? r->data.p[sizeof signature] : 0xff;
    if (*seen || p->events[0] || r->index != 0 || (at != 0 && at != 3 && at != 4))
        return err_set(err, BG_PCR_LOG_LOCALITY, "locality %u, PCR %u, after %zu events", at,
                       (unsigned)r->index, p->events[0]);
    *seen = true;
    p->value[0][p->size - 1] = (uint8_t)at;
    return RC_OK;
}

static enum rc extend(const struct tcg_record *r, size_t offset, struct tcg_pcrs *p,
                      struct err *err)
{
    struct bytes digest = p->bank == TCG_SHA256 ? r->sha256 : r->sha384;
    if (r->index >= TCG_PCRS)
        return err_set(err, BG_PCR_LOG_INDEX, "at offset %zu: PCR %u", offset, (unsigned)r->index);
    if (!digest.p)
        return err_set(err, BG_PCR_LOG_NO_DIGEST, "at offset %zu", offset);
    struct bytes old = bytes_of(p->value[r->index], p->size);
    if (p->bank == TCG_SHA256)
        HASH_PARTS(hash_sha256_parts, p->value[r->index], old, digest);
    else
        HASH_PARTS(hash_sha384_parts, p->value[r->index], old, digest);
    p->events[r->index]++;
    return RC_OK;
}

enum rc tcg_pcr_replay(struct bytes log, uint16_t bank, struct tcg_pcrs *out, struct err *err)
{
    struct tcg_pcrs p = {.bank = bank, .size = bank == TCG_SHA256 ? 32 : 48};
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(log);
    bool seen = false;
    if (log.n == 0 || log.n > LIMIT_EVENT_LOG)
        return err_set(err, BG_PCR_LOG_SIZE, "%zu bytes", log.n);
    TRY(tcg_log_header(&c, &algs, err));
    if ((bank != TCG_SHA256 && bank != TCG_SHA384) || !tcg_log_has(&algs, bank))
        return err_set(err, BG_PCR_LOG_NO_BANK, "bank 0x%x", bank);
    for (size_t records = 0; !tcg_log_at_end(&c); records++) {
        size_t offset = log.n - cur_left(&c);
        struct tcg_record r;
        if (records == LIMIT_EVENTS)
            return err_set(err, BG_PCR_LOG_TOO_MANY, "more than %u", LIMIT_EVENTS);
        TRY(tcg_log_record(&c, &algs, offset, &r, err));
        if (r.type == EV_NO_ACTION)
            TRY(locality(&r, &p, &seen, err));
        else
            TRY(extend(&r, offset, &p, err));
    }
    *out = p;
    return RC_OK;
}

static bool blank(const uint8_t *p, size_t n)
{
    uint8_t ones = 0xff;
    for (size_t i = 0; i < n; i++)
        ones &= p[i];
    return ones == 0xff || mem_is_zero(p, n);
}

enum rc tcg_pcr_match(const struct tcg_pcrs *replayed, uint32_t set,
                      const uint8_t tpm[TCG_PCRS][48], struct err *err)
{
    if (set == 0 || set >> TCG_PCRS || replayed->size == 0)
        return err_set(err, BG_PCR_NONE, "set 0x%x", (unsigned)set);
    for (unsigned i = 0; i < TCG_PCRS; i++) {
        if (!(set >> i & 1u))
            continue;
        if (blank(tpm[i], replayed->size))
            return err_set(err, BG_PCR_BLANK, "PCR %u", i);
        if (memcmp(tpm[i], replayed->value[i], replayed->size) != 0)
            return err_set(err, BG_PCR_MISMATCH, "PCR %u, %zu events in the log", i,
                           replayed->events[i]);
    }
    return RC_OK;
}
