/*
 * qgs: the messages of a quote generation service, to be carried over vsock by somebody else. A
 * frame is a 4-byte big-endian length and a message; the message's integers are little-endian:
 * header (major, minor u16; type, size of the whole message, error u32), then what the type has.
 * Source: the public message definitions of Intel DCAP's QuoteGeneration (qgs_msg_lib), 1.0
 * and 1.1. Everything in an answer is the host's word: each length is checked against the rest, and
 * nothing in it is authentic before quote_verify.
 */
#ifndef BOOTGATE_QUOTE_QGS_H
#define BOOTGATE_QUOTE_QGS_H

#include "quote/collateral.h"

#define QGS_PREFIX_SIZE            4u
#define QGS_REPORT_SIZE            1024u
#define QGS_QUOTE_REQUEST_SIZE     (QGS_PREFIX_SIZE + 24u + QGS_REPORT_SIZE)
#define QGS_COLLATERAL_REQUEST_MAX (QGS_PREFIX_SIZE + 24u + 6u + 10u)

/* qgs_quote_request writes a whole frame: GET_QUOTE_REQ for a TDREPORT, any attestation key. */
void qgs_quote_request(const uint8_t report[static QGS_REPORT_SIZE],
                       uint8_t out[static QGS_QUOTE_REQUEST_SIZE]);
/* qgs_collateral_request: GET_COLLATERAL_REQ for a PCK of that FMSPC, issued by the platform or the
 * processor CA. Returns the frame's size. */
size_t qgs_collateral_request(const uint8_t fmspc[static 6], bool platform,
                              uint8_t out[static QGS_COLLATERAL_REQUEST_MAX]);

/* qgs_frame_size: how many bytes follow a frame's prefix: from a header to LIMIT_QGS_MESSAGE. */
enum rc qgs_frame_size(const uint8_t prefix[static QGS_PREFIX_SIZE], size_t *out,
                       struct err *err) MUST_CHECK;

/* qgs_quote_response: frame is a whole one, prefix included. *out_quote is a view into it. */
enum rc qgs_quote_response(struct bytes frame, struct bytes *out_quote, struct err *err) MUST_CHECK;
/*
 * qgs_collateral_response: the same for collateral. Chains and documents are views into the frame,
 * without the NULs that end them; CRLs come as DER or, from older services, as hex of it.
 */
enum rc qgs_collateral_response(struct arena *a, struct bytes frame, struct collateral *out,
                                struct err *err) MUST_CHECK;

#endif
