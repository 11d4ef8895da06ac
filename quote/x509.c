#include "quote/x509.h"

#include "quote/der.h"

/* RFC 5758 section 3.2: ecdsa-with-SHA256, no parameters. Whole AlgorithmIdentifier. */
static const uint8_t alg_ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
/* RFC 5480 section 2.1.1: id-ecPublicKey with namedCurve secp256r1. Whole AlgorithmIdentifier. */
static const uint8_t alg_p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                   0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};       /* 2.5.4.3 */
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};         /* 2.5.29.15 */
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13}; /* 2.5.29.19 */
/* 1.2.840.113741.1.13.1, Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5 */
static const uint8_t oid_sgx[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

bool sig_alg_ok(struct cur *c)
{
    return bytes_eq(der_whole(c, DER_SEQUENCE), BYTES_OF_ARRAY(alg_ecdsa_sha256));
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { OID, value }; exactly one common name is kept. */
static bool read_common_name(struct bytes name, struct bytes *out)
{
    struct cur outer = cur_of(name), rdns = der_sub(&outer, DER_SEQUENCE);
    struct bytes found = BYTES_NONE;
    while (!rdns.bad && cur_left(&rdns)) {
        struct cur set = der_sub(&rdns, DER_SET);
        while (!set.bad && cur_left(&set)) {
            struct cur ava = der_sub(&set, DER_SEQUENCE);
            struct bytes oid = der_oid(&ava), value, whole;
            uint8_t tag;
            if (!der_any(&ava, &tag, &value, &whole) || !cur_done(&ava))
                return false;
            if (!bytes_eq(oid, BYTES_OF_ARRAY(oid_common_name)))
                continue;
            if (found.n || value.n == 0 || (tag != DER_UTF8_STRING && tag != DER_PRINTABLE_STRING))
                return false;
            found = value;
        }
        if (!cur_done(&set))
            return false;
    }
    if (!cur_done(&rdns) || !cur_done(&outer))
        return false;
    *out = found;
    return true;
}

/* SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING 04 || x || y } */
static bool read_key(struct cur *tbs, struct bytes *out)
{
    struct cur spki = der_sub(tbs, DER_SEQUENCE);
    if (!bytes_eq(der_whole(&spki, DER_SEQUENCE), BYTES_OF_ARRAY(alg_p256)))
        return false;
    struct cur point = cur_of(der_bits(&spki));
    if (!cur_done(&spki) || cur_u8(&point) != 0x04)
        return false;
    *out = cur_take(&point, 64);
    return cur_done(&point);
}

/* KeyUsage ::= BIT STRING, named bits: unused trailing ones are left out (X.690 section 11.2). */
static bool read_key_usage(struct bytes value, unsigned *out)
{
    struct cur c = cur_of(value), s = der_sub(&c, DER_BIT_STRING);
    unsigned unused = cur_u8(&s), bits = 0;
    struct bytes octets = cur_rest(&s);
    if (!cur_done(&c) || s.bad || unused > 7 || octets.n < 1 || octets.n > 2 ||
        (octets.p[octets.n - 1] & ((1u << unused) - 1)) != 0)
        return false;
    for (unsigned i = 0; i < 8 * octets.n; i++)
        if (octets.p[i / 8] >> (7 - i % 8) & 1)
            bits |= 1u << i;
    if (bits == 0) /* RFC 5280: at least one bit */
        return false;
    *out = bits;
    return true;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool read_basic_constraints(struct bytes value, bool *out)
{
    struct cur c = cur_of(value), s = der_sub(&c, DER_SEQUENCE);
    bool ca = der_is(&s, DER_BOOLEAN) && der_bool(&s);
    if (ca && der_is(&s, DER_INTEGER)) /* our chains have fixed lengths: the value adds nothing */
        (void)der_uint(&s, DER_INTEGER, 255);
    if (!cur_done(&s) || !cur_done(&c))
        return false;
    *out = ca;
    return true;
}

static const char *read_extensions(struct cur *tbs, struct cert *cert)
{
    struct cur outer = der_sub(tbs, DER_CONTEXT_3), list = der_sub(&outer, DER_SEQUENCE);
    bool seen_usage = false, seen_constraints = false;
    while (!list.bad && cur_left(&list)) {
        struct cur ext = der_sub(&list, DER_SEQUENCE);
        struct bytes oid = der_oid(&ext);
        bool critical = der_is(&ext, DER_BOOLEAN) && der_bool(&ext);
        struct bytes value = der_take(&ext, DER_OCTET_STRING);
        if (!cur_done(&ext))
            return "malformed extension";
        if (bytes_eq(oid, BYTES_OF_ARRAY(oid_key_usage))) {
            if (seen_usage || !read_key_usage(value, &cert->key_usage))
                return "malformed or repeated key usage";
            seen_usage = true;
        } else if (bytes_eq(oid, BYTES_OF_ARRAY(oid_basic_constraints))) {
            if (seen_constraints || !read_basic_constraints(value, &cert->is_ca))
                return "malformed or repeated basic constraints";
            seen_constraints = true;
        } else if (bytes_eq(oid, BYTES_OF_ARRAY(oid_sgx))) {
            if (cert->sgx.n || value.n == 0)
                return "empty or repeated SGX extension";
            cert->sgx = value;
        } else if (critical) {
            return "critical extension that is not known here";
        }
    }
    return cur_done(&list) && cur_done(&outer) ? NULL : "malformed extensions";
}

/*
 * TBSCertificate ::= SEQUENCE { [0] version v3, serialNumber, signature, issuer, validity, subject,
 * subjectPublicKeyInfo, [3] extensions }: RFC 5280 section 4.1; unique identifiers are refused.
 */
static const char *read_tbs(struct cur tbs, struct cert *cert)
{
    struct cur version = der_sub(&tbs, DER_CONTEXT_0);
    if (der_uint(&version, DER_INTEGER, 2) != 2 || !cur_done(&version))
        return "not a version 3 certificate";
    cert->serial = der_integer(&tbs);
    if (cert->serial.n == 0 || cert->serial.n > 21)
        return "serial number of impossible length";
    if (!sig_alg_ok(&tbs))
        return "signature algorithm is not ecdsa-with-SHA256";
    cert->issuer = der_whole(&tbs, DER_SEQUENCE);
    struct cur validity = der_sub(&tbs, DER_SEQUENCE);
    cert->not_before = der_time(&validity);
    cert->not_after = der_time(&validity);
    if (!cur_done(&validity))
        return "malformed validity";
    cert->subject = der_whole(&tbs, DER_SEQUENCE);
    if (!read_common_name(cert->subject, &cert->common_name))
        return "malformed subject";
    if (!read_key(&tbs, &cert->point))
        return "the key is not on P-256";
    const char *why = read_extensions(&tbs, cert);
    return why ? why : cur_done(&tbs) ? NULL : "malformed body";
}

bool cert_read(struct bytes der, struct cert *out, const char **out_why)
{
    struct cert cert = {.der = der};
    struct cur c = cur_of(der), s = der_sub(&c, DER_SEQUENCE), body = s;
    if (der.n > LIMIT_CERT_DER || !cur_done(&c)) {
        *out_why = "not one DER certificate";
        return false;
    }
    cert.tbs = der_whole(&s, DER_SEQUENCE);
    *out_why = read_tbs(der_sub(&body, DER_SEQUENCE), &cert);
    if (!*out_why && !sig_alg_ok(&s))
        *out_why = "outer signature algorithm is not ecdsa-with-SHA256";
    cert.signature = der_bits(&s);
    if (!*out_why && !cur_done(&s))
        *out_why = "malformed signature";
    if (*out_why)
        return false;
    *out = cert;
    return true;
}

bool cert_signed_by(struct p256 *p, struct cert *c, const struct cert *issuer)
{
    if (c->verified_by != issuer && p256_check(p, issuer->point, c->tbs, c->signature))
        c->verified_by = issuer;
    return c->verified_by == issuer;
}
