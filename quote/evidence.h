/*
 * evidence: the bytes collected from a guest, or found in a file; nothing here is trusted or even
 * parsed beyond finding out what it is. All views live in the arena (or the input) given.
 * NOT checked: a certificate's signature, names and dates (its key is bound by report_data or not
 * at all); that report_data, td_report and app_compose fit the quote.
 */
#ifndef BOOTGATE_QUOTE_EVIDENCE_H
#define BOOTGATE_QUOTE_EVIDENCE_H

#include "base/json.h"

enum evidence_format {
    EVIDENCE_NONE = 0,
    EVIDENCE_RAW,    /* a binary quote */
    EVIDENCE_HEX,    /* the same in hex text, white space around it allowed */
    EVIDENCE_DSTACK, /* JSON of dstack's GetQuote: quote, event_log, vm_config, report_data */
    EVIDENCE_RA_TLS, /* X.509 certificate, PEM or DER, with dstack's extensions (tdx facts 4.9) */
    EVIDENCE_SCALE,  /* dstack VersionedAttestation V0, binary, or hex in {"attestation": ..} */
    EVIDENCE_BUNDLE, /* a bootgate bundle: DESIGN section 6 (the evidence member of it) */
};

/* Absent parts are the empty view. */
struct evidence {
    enum evidence_format format;
    struct bytes quote;          /* binary */
    struct bytes event_log;      /* JSON text (array), as dstack gives it */
    struct bytes ccel;           /* CCEL data area, binary */
    struct bytes runtime_events; /* JSON array text of {event, payload: base64}, or empty */
    struct bytes vm_config;      /* JSON text */
    struct bytes report_data;    /* as claimed beside the quote, binary, 64 bytes */
    struct bytes td_report;      /* local TDREPORT, binary, 1024 bytes */
    struct bytes app_compose;    /* exact bytes of app-compose.json */
    struct bytes instance_info;  /* exact bytes of .instance_info; empty: none, or not given */
    struct bytes ra_tls_spki;    /* DER SubjectPublicKeyInfo of the certificate (EVIDENCE_RA_TLS) */
};

/*
 * evidence_read recognises `input` by content and takes it apart. The quote is not parsed.
 * Errors: BG-02xx (unrecognised, malformed container, over a limit). A msgpack
 * VersionedAttestation V1 is recognised and refused by name.
 */
enum rc evidence_read(struct arena *a, struct bytes input, struct evidence *out,
                      struct err *err) MUST_CHECK;
/* evidence_from_json: the `evidence` member of a bundle, or a GetQuote answer, already parsed. */
enum rc evidence_from_json(struct arena *a, const json_t *obj, struct evidence *out,
                           struct err *err) MUST_CHECK;
/*
 * evidence_from_bundle: a bundle, already parsed. Its evidence member is a part that we define: a
 * misspelt member is an error.
 */
enum rc evidence_from_bundle(struct arena *a, const json_t *bundle, struct evidence *out,
                             struct err *err) MUST_CHECK;
const char *evidence_format_name(enum evidence_format f);

#endif
