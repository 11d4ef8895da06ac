#include "quote/evidence_parts.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes t)
{
    while (t.n && is_space(t.p[0]))
        t = bytes_of(t.p + 1, t.n - 1);
    while (t.n && is_space(t.p[t.n - 1]))
        t.n--;
    return t;
}

static bool all_hex(struct bytes t)
{
    for (size_t i = 0; i < t.n; i++)
        if (!((t.p[i] >= '0' && t.p[i] <= '9') || (t.p[i] >= 'a' && t.p[i] <= 'f') ||
              (t.p[i] >= 'A' && t.p[i] <= 'F')))
            return false;
    return t.n > 0;
}

static bool starts_with(struct bytes t, const char *s)
{
    return t.n >= strlen(s) && memcmp(t.p, s, strlen(s)) == 0;
}

enum rc json_text(struct arena *a, const json_t *j, size_t max, struct bytes *out, struct err *err)
{
    size_t n = json_dumpb(j, NULL, 0, JSON_COMPACT);
    *out = BYTES_NONE;
    if (n == 0 || n > max)
        return RC_OK;
    uint8_t *p = arena_alloc(a, n + 1, err);
    if (!p)
        return err->rc;
    *out = bytes_of(p, json_dumpb(j, (char *)p, n, JSON_COMPACT));
    return RC_OK;
}

/* hex_part copies an optional member of hex text; empty text counts as absent. */
static enum rc hex_part(struct arena *a, const json_t *obj, const char *key, size_t max,
                        enum rc code, struct bytes *out, struct err *err)
{
    const json_t *v = json_object_get(obj, key);
    struct bytes text;
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_str(obj, key, &text))
        return err_set(err, code, "%s is not a string", key);
    if (starts_with(text, "0x"))
        text = bytes_of(text.p + 2, text.n - 2);
    if (text.n == 0)
        return RC_OK;
    if (text.n / 2 > max || !hex_decode_any(a, text, out, err))
        return err_set(err, code, "%s: %zu characters", key, text.n);
    return RC_OK;
}

/* text_part copies an optional member of text; arrays: also a JSON array, re-written as text. */
static enum rc text_part(struct arena *a, const json_t *obj, const char *key, bool arrays,
                         size_t max, enum rc code, struct bytes *out, struct err *err)
{
    const json_t *v = json_object_get(obj, key);
    struct bytes text = BYTES_NONE;
    if (!v || json_is_null(v))
        return RC_OK;
    if (arrays && json_is_array(v)) {
        TRY(json_text(a, v, max, out, err));
        return out->n ? RC_OK : err_set(err, code, "%s: over %zu bytes", key, max);
    }
    if (!json_str(obj, key, &text) || text.n > max)
        return err_set(err, code, "%s: wrong type, or over %zu bytes", key, max);
    if (text.n == 0)
        return RC_OK;
    return arena_keep(a, text, out, err);
}

enum rc evidence_no_memory(struct err *err)
{
    return err_set(err, BG_EVIDENCE_MEMORY, "%s", "");
}

static enum rc exact(struct bytes b, size_t n, enum rc code, struct err *err)
{
    return b.n == 0 || b.n == n ? RC_OK : err_set(err, code, "%zu bytes instead of %zu", b.n, n);
}

/*
 * with_attestation: the attestation's parts go before those beside it; what it lacks is taken from
 * there. Claims that the caller checks later (report data, app-compose) must not get lost here.
 */
static enum rc with_attestation(struct arena *a, struct bytes attestation,
                                const struct evidence *beside, struct evidence *out,
                                struct err *err)
{
    struct evidence ev = {0};
    TRY(evidence_attestation(a, attestation, &ev, err));
    if (beside->report_data.n && !bytes_eq(beside->report_data, ev.report_data))
        return err_set(err, BG_EVIDENCE_REPORT_DATA_TWO, "%s", "");
    ev.ccel = beside->ccel;
    ev.td_report = beside->td_report;
    ev.app_compose = beside->app_compose;
    ev.instance_info = beside->instance_info;
    if (!ev.event_log.n)
        ev.event_log = beside->event_log;
    if (!ev.runtime_events.n)
        ev.runtime_events = beside->runtime_events;
    if (!ev.vm_config.n)
        ev.vm_config = beside->vm_config;
    *out = ev;
    return RC_OK;
}

enum rc evidence_from_json(struct arena *a, const json_t *obj, struct evidence *out,
                           struct err *err)
{
    struct evidence ev = {.format = EVIDENCE_DSTACK};
    struct bytes attestation = BYTES_NONE;
    TRY(hex_part(a, obj, "quote", LIMIT_QUOTE, BG_EVIDENCE_QUOTE_HEX, &ev.quote, err));
    TRY(text_part(a, obj, "event_log", true, LIMIT_EVENT_LOG, BG_EVIDENCE_EVENT_LOG, &ev.event_log,
                  err));
    TRY(text_part(a, obj, "runtime_events", true, LIMIT_EVENT_LOG, BG_EVIDENCE_RUNTIME_EVENTS,
                  &ev.runtime_events, err));
    TRY(text_part(a, obj, "vm_config", false, LIMIT_VM_CONFIG, BG_EVIDENCE_VM_CONFIG, &ev.vm_config,
                  err));
    TRY(text_part(a, obj, "app_compose", false, LIMIT_APP_COMPOSE, BG_EVIDENCE_APP_COMPOSE,
                  &ev.app_compose, err));
    TRY(text_part(a, obj, "instance_info", false, LIMIT_INSTANCE_INFO, BG_EVIDENCE_INSTANCE_INFO,
                  &ev.instance_info, err));
    TRY(hex_part(a, obj, "ccel", LIMIT_EVENT_LOG, BG_EVIDENCE_CCEL, &ev.ccel, err));
    const enum rc report_data = BG_EVIDENCE_REPORT_DATA, td_report = BG_EVIDENCE_TD_REPORT;
    TRY(hex_part(a, obj, "report_data", 64, report_data, &ev.report_data, err));
    TRY(exact(ev.report_data, 64, report_data, err));
    TRY(hex_part(a, obj, "td_report", 1024, td_report, &ev.td_report, err));
    TRY(exact(ev.td_report, 1024, td_report, err));
    if (ev.quote.n == 0) { /* dstack's Attest answer, or its GetQuote on other platforms */
        TRY(hex_part(a, obj, "attestation", LIMIT_FILE, BG_EVIDENCE_ATTESTATION_HEX, &attestation,
                     err));
        if (attestation.n)
            return with_attestation(a, attestation, &ev, out, err);
        if (ev.td_report.n == 0 && ev.event_log.n == 0)
            return err_set(err, BG_EVIDENCE_NO_QUOTE, "%s", "");
    }
    *out = ev;
    return RC_OK;
}

enum rc evidence_from_bundle(struct arena *a, const json_t *bundle, struct evidence *out,
                             struct err *err)
{
    static const char *const keys[] = {
        "quote",       "event_log",      "runtime_events", "vm_config",
        "report_data", "ccel",           "td_report",      "app_compose",
        "attestation", "hash_algorithm", "prefix",         "instance_info",
    };
    const json_t *evidence = json_object_get(bundle, "evidence");
    const char *bad = NULL;
    uint64_t schema = 0;
    if (!json_u64(bundle, "schema", UINT32_MAX, &schema) || schema != 1)
        return err_set(err, BG_EVIDENCE_SCHEMA, "schema %llu", (unsigned long long)schema);
    if (!json_is_object(evidence))
        return err_set(err, BG_EVIDENCE_NOT_OBJECT, "%s", "");
    if (!json_only_keys(evidence, keys, sizeof keys / sizeof *keys, &bad))
        return err_set(err, BG_EVIDENCE_MEMBER_UNKNOWN, "%s", bad);
    TRY(evidence_from_json(a, evidence, out, err));
    out->format = EVIDENCE_BUNDLE;
    return RC_OK;
}

static enum rc read_json(struct arena *a, struct bytes text, struct evidence *out, struct err *err)
{
    AUTO_JSON j = NULL;
    struct err why = {0};
    if (json_read(text, LIMIT_BUNDLE, &j, &why) != RC_OK)
        return err_set(err, BG_EVIDENCE_SYNTAX, "%s", why.detail);
    return json_object_get(j, "schema") ? evidence_from_bundle(a, j, out, err)
                                        : evidence_from_json(a, j, out, err);
}

/* read_binary knows the binary forms by their first bytes; as: what a bare quote is to be called.
 */
static enum rc read_binary(struct arena *a, struct bytes in, enum evidence_format as,
                           struct evidence *out, struct err *err)
{
    if (in.n >= 2 && in.p[0] == 0x30 && in.p[1] >= 0x80) /* DER SEQUENCE of over 127 bytes */
        return evidence_ra_tls_der(a, in, out, err);
    if (attestation_is_v1(in) || (in.n >= 2 && in.p[0] == 0 && in.p[1] < 16))
        return evidence_attestation(a, in, out, err);
    if (in.n < 2 || in.p[1] != 0) /* a quote begins with its version, two bytes, little-endian */
        return err_set(err, BG_EVIDENCE_UNKNOWN, "%zu bytes, beginning %02x %02x", in.n,
                       in.n ? in.p[0] : 0u, in.n > 1 ? in.p[1] : 0u);
    *out = (struct evidence){.format = as, .quote = in};
    return RC_OK;
}

enum rc evidence_read(struct arena *a, struct bytes input, struct evidence *out, struct err *err)
{
    if (input.n > LIMIT_FILE)
        return err_set(err, BG_EVIDENCE_SIZE, "%zu bytes", input.n);
    struct bytes text = trim(input), binary = BYTES_NONE;
    if (text.n == 0)
        return err_set(err, BG_EVIDENCE_EMPTY, "%zu bytes", input.n);
    if (text.p[0] == '{')
        return read_json(a, text, out, err);
    if (starts_with(text, "-----BEGIN "))
        return evidence_ra_tls_pem(a, text, out, err);
    if (starts_with(text, "0x"))
        text = bytes_of(text.p + 2, text.n - 2);
    if (!all_hex(text))
        return read_binary(a, input, EVIDENCE_RAW, out, err);
    if (text.n % 2)
        return err_set(err, BG_EVIDENCE_HEX_ODD, "%zu digits", text.n);
    if (!hex_decode_any(a, text, &binary, err))
        return err->rc; /* hex it is: no memory */
    return read_binary(a, binary, EVIDENCE_HEX, out, err);
}

const char *evidence_format_name(enum evidence_format f)
{
    switch (f) {
    case EVIDENCE_RAW:
        return "raw";
    case EVIDENCE_HEX:
        return "hex";
    case EVIDENCE_DSTACK:
        return "dstack";
    case EVIDENCE_RA_TLS:
        return "ra-tls";
    case EVIDENCE_SCALE:
        return "scale";
    case EVIDENCE_BUNDLE:
        return "bundle";
    case EVIDENCE_NONE:
        break;
    }
    return "none";
}
