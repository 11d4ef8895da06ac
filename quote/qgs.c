#include "quote/qgs.h"

#include "base/cur.h"
#include "base/hex.h"
#include "base/limits.h"

#define HEADER_SIZE 16u

enum message_type {
    GET_QUOTE_REQ = 0,
    GET_QUOTE_RESP = 1,
    GET_COLLATERAL_REQ = 2,
    GET_COLLATERAL_RESP = 3,
};

static uint8_t *put_le(uint8_t *p, uint64_t v, size_t width)
{
    for (; width; width--, v >>= 8)
        *p++ = (uint8_t)v;
    return p;
}

static uint8_t *put_bytes(uint8_t *p, const void *from, size_t n)
{
    memcpy(p, from, n);
    return p + n;
}

/* A request of two parts: prefix, header (version 1.0: every service takes it), sizes, parts. */
static size_t put_request(uint8_t *out, enum message_type type, struct bytes first,
                          struct bytes second)
{
    size_t size = HEADER_SIZE + 8 + first.n + second.n;
    put_le(out, __builtin_bswap32((uint32_t)size), QGS_PREFIX_SIZE);
    uint8_t *p = put_le(out + QGS_PREFIX_SIZE, 1, 4);
    p = put_le(p, type, 4);
    p = put_le(p, size, 4);
    p = put_le(p, 0, 4);
    p = put_le(p, first.n, 4);
    p = put_le(p, second.n, 4);
    p = put_bytes(p, first.p, first.n);
    if (second.n)
        p = put_bytes(p, second.p, second.n);
    return (size_t)(p - out);
}

void qgs_quote_request(const uint8_t report[static QGS_REPORT_SIZE],
                       uint8_t out[static QGS_QUOTE_REQUEST_SIZE])
{
    put_request(out, GET_QUOTE_REQ, bytes_of(report, QGS_REPORT_SIZE), BYTES_NONE);
}

/* The service reads the CA's name as a C string: the NUL is part of what is sent. */
size_t qgs_collateral_request(const uint8_t fmspc[static 6], bool platform,
                              uint8_t out[static QGS_COLLATERAL_REQUEST_MAX])
{
    static const char platform_ca[] = "platform", processor_ca[] = "processor";
    return put_request(out, GET_COLLATERAL_REQ, bytes_of(fmspc, 6),
                       platform ? BYTES_OF_ARRAY(platform_ca) : BYTES_OF_ARRAY(processor_ca));
}

enum rc qgs_frame_size(const uint8_t prefix[static QGS_PREFIX_SIZE], size_t *out, struct err *err)
{
    struct cur c = cur_of(bytes_of(prefix, QGS_PREFIX_SIZE));
    uint32_t n = cur_u32be(&c);
    if (n < HEADER_SIZE || n > LIMIT_QGS_MESSAGE)
        return err_set(err, BG_QGS_FRAME, "%u bytes, from %u to %u are possible", (unsigned)n,
                       HEADER_SIZE, LIMIT_QGS_MESSAGE);
    *out = n;
    return RC_OK;
}

static const char *error_text(uint32_t code)
{
    static const char *const texts[] = {
        "unexpected error",        "out of memory",        "invalid parameter",
        "invalid message version", "invalid message type", "invalid message size",
        "invalid error code",
    };
    uint32_t i = code - 0x12001u;
    return i < sizeof texts / sizeof *texts ? texts[i] : "a code that no service should give";
}

/* open_message: prefix and header. *c is left at what the type has. */
static enum rc open_message(struct bytes frame, enum message_type want, struct cur *c,
                            struct err *err)
{
    size_t n = 0;
    if (frame.n < QGS_PREFIX_SIZE)
        return err_set(err, BG_QGS_FRAME_CUT, "%zu bytes in all", frame.n);
    TRY(qgs_frame_size(frame.p, &n, err));
    *c = cur_of(frame);
    cur_take(c, QGS_PREFIX_SIZE);
    if (n != cur_left(c))
        return err_set(err, BG_QGS_FRAME_REST, "%zu bytes of %zu", cur_left(c), n);
    unsigned major = cur_u16le(c), minor = cur_u16le(c);
    uint32_t type = cur_u32le(c), size = cur_u32le(c), error = cur_u32le(c);
    if (major != 1) /* the minor version only ever added messages */
        return err_set(err, BG_QGS_VERSION, "version %u.%u", major, minor);
    if (type != want)
        return err_set(err, BG_QGS_TYPE, "message type %u", (unsigned)type);
    if (size != n)
        return err_set(err, BG_QGS_SIZE, "the header says %u, the frame %zu", (unsigned)size, n);
    if (error != 0)
        return err_set(err, BG_QGS_REFUSED, "0x%x: %s", (unsigned)error, error_text(error));
    return RC_OK;
}

/* No key was asked for by name, so none is selected by name either. */
enum rc qgs_quote_response(struct bytes frame, struct bytes *out_quote, struct err *err)
{
    struct cur c;
    TRY(open_message(frame, GET_QUOTE_RESP, &c, err));
    uint32_t id_size = cur_u32le(&c), quote_size = cur_u32le(&c);
    if (c.bad || id_size != 0 || quote_size != cur_left(&c))
        return err_set(err, BG_QGS_QUOTE_PARTS, "id %u and quote %u of %zu bytes",
                       (unsigned)id_size, (unsigned)quote_size, frame.n);
    if (quote_size == 0)
        return err_set(err, BG_QGS_QUOTE_EMPTY, "%s", "");
    *out_quote = cur_rest(&c);
    return RC_OK;
}

enum part { PCK_CHAIN, ROOT_CRL, PCK_CRL, TCB_CHAIN, TCB_INFO, QE_CHAIN, QE_IDENTITY, N_PARTS };

#define CHAIN_MAX (2u * LIMIT_CERTS * LIMIT_CERT_DER)

static const struct {
    const char *name;
    size_t max;
} part_of[N_PARTS] = {
    {"PCK CRL issuer chain", CHAIN_MAX},  {"root CA CRL", 2u * LIMIT_CRL_DER + 1u},
    {"PCK CRL", 2u * LIMIT_CRL_DER + 1u}, {"TCB info issuer chain", CHAIN_MAX},
    {"TCB info", LIMIT_TCB_INFO},         {"QE identity issuer chain", CHAIN_MAX},
    {"QE identity", LIMIT_QE_IDENTITY},
};

/* Every text ends in a NUL that its size counts; a DER CRL ends where its own length says. */
static struct bytes without_nul(struct bytes b)
{
    return b.n && b.p[b.n - 1] == 0 ? bytes_of(b.p, b.n - 1) : b;
}

/*
 * take_parts: version of the collateral (of no consequence: the CRLs show their form themselves),
 * seven sizes, seven parts. Known services count the two version members twice, which leaves four
 * zero bytes at the end.
 */
static enum rc take_parts(struct cur *c, struct bytes part[N_PARTS], struct err *err)
{
    uint32_t size[N_PARTS];
    cur_take(c, 4);
    for (size_t i = 0; i < N_PARTS; i++)
        size[i] = cur_u32le(c);
    for (size_t i = 0; i < N_PARTS; i++) {
        part[i] = cur_take(c, size[i]);
        if (c->bad)
            return err_set(err, BG_QGS_COLLATERAL_PARTS, "%s", part_of[i].name);
        if (part[i].n > part_of[i].max)
            return err_set(err, BG_QGS_COLLATERAL_LARGE, "%s: %zu bytes, at most %zu",
                           part_of[i].name, part[i].n, part_of[i].max);
        if (i != ROOT_CRL && i != PCK_CRL)
            part[i] = without_nul(part[i]);
        if (part[i].n == 0)
            return err_set(err, BG_QGS_COLLATERAL_EMPTY, "%s", part_of[i].name);
    }
    struct bytes rest = cur_rest(c);
    if (rest.n != 0 && (rest.n != 4 || !bytes_is_zero(rest)))
        return err_set(err, BG_QGS_COLLATERAL_REST, "%zu bytes", rest.n);
    return RC_OK;
}

/* A DER CRL begins with a SEQUENCE (0x30); hex of one with the digit 3. */
static enum rc crl(struct arena *a, struct bytes in, enum part which, struct bytes *out,
                   struct err *err)
{
    if (in.p[0] == 0x30 && in.n <= LIMIT_CRL_DER) {
        *out = in;
        return RC_OK;
    }
    struct bytes text = without_nul(in);
    if (in.p[0] == '3' && hex_decode_any(a, text, out, err))
        return RC_OK;
    return err_set(err, BG_QGS_COLLATERAL_CRL, "%s, %zu bytes", part_of[which].name, in.n);
}

/* {"<member>":{..},"signature":"<hex>"}, as the provisioning service gave it out. */
static enum rc document(struct arena *a, struct bytes text, enum part which, const char *member,
                        struct bytes *out, struct bytes *out_signature, struct err *err)
{
    AUTO_JSON obj = NULL;
    struct bytes inner = BYTES_NONE;
    uint8_t signature[64];
    TRY(json_read(text, part_of[which].max, &obj, err));
    if (!json_is_object(json_object_get(obj, member)) || !json_raw_member(text, member, &inner))
        return err_set(err, BG_QGS_COLLATERAL_DOCUMENT, "%s: no %s", part_of[which].name, member);
    if (!json_hex(obj, "signature", false, signature, sizeof signature))
        return err_set(err, BG_QGS_COLLATERAL_SIGNATURE, "%s", part_of[which].name);
    *out = inner;
    return arena_keep(a, BYTES_OF_ARRAY(signature), out_signature, err);
}

enum rc qgs_collateral_response(struct arena *a, struct bytes frame, struct collateral *out,
                                struct err *err)
{
    struct bytes part[N_PARTS] = {0};
    struct collateral col = {0};
    struct cur c;
    TRY(open_message(frame, GET_COLLATERAL_RESP, &c, err));
    TRY(take_parts(&c, part, err));
    col.pck_crl_issuer_chain = part[PCK_CHAIN];
    col.tcb_info_issuer_chain = part[TCB_CHAIN];
    col.qe_identity_issuer_chain = part[QE_CHAIN];
    TRY(crl(a, part[ROOT_CRL], ROOT_CRL, &col.root_ca_crl, err));
    TRY(crl(a, part[PCK_CRL], PCK_CRL, &col.pck_crl, err));
    TRY(document(a, part[TCB_INFO], TCB_INFO, "tcbInfo", &col.tcb_info, &col.tcb_info_signature,
                 err));
    TRY(document(a, part[QE_IDENTITY], QE_IDENTITY, "enclaveIdentity", &col.qe_identity,
                 &col.qe_identity_signature, err));
    *out = col;
    return RC_OK;
}
