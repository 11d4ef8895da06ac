#include "tests/lib/pki.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/hash.h"

void pki_must_(bool ok, const char *what, const char *file, int line)
{
    if (ok)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}
#define must pki_must

/* Keys are made once per name. */
#define KEYS_MAX 32
static struct {
    char name[32];
    EVP_PKEY *key;
    uint8_t pub[65];
} keys[KEYS_MAX];

static void make_key(const char *name, EVP_PKEY **out, uint8_t pub[65])
{
    uint8_t d[32];
    HASH_PARTS(hash_sha256_parts, d, bytes_of_str("bootgate test key: "), bytes_of_str(name));
    d[0] &= 0x7f; /* below the group order */
    BIGNUM *priv = BN_bin2bn(d, sizeof d, NULL);
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    must(priv && group && point && EC_POINT_mul(group, point, priv, NULL, NULL, NULL));
    must(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, 65, NULL) == 65);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    must(bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) &&
         OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, priv) &&
         OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, pub, 65));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    must(params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    BN_free(priv);
}

static size_t key_index(const char *name)
{
    size_t i = 0;
    while (i < KEYS_MAX && keys[i].key && strcmp(keys[i].name, name) != 0)
        i++;
    must(i < KEYS_MAX && strlen(name) < sizeof keys[i].name);
    if (!keys[i].key) {
        memcpy(keys[i].name, name, strlen(name) + 1);
        make_key(name, &keys[i].key, keys[i].pub);
    }
    return i;
}

void pki_public(const char *key, uint8_t out[static 64])
{
    memcpy(out, keys[key_index(key)].pub + 1, 64);
}

/*
 * ECDSA (FIPS 186-5, section 6.4.1) with k = SHA-256(private key || digest): deterministic, so that
 * bundles are the same in every run. Not for keys that matter. OpenSSL 3.0 offers none.
 */
void pki_sign(const char *key, struct bytes data, uint8_t out[static 64])
{
    uint8_t digest[32], nonce[32], d[32];
    BIGNUM *priv = NULL;
    must(EVP_PKEY_get_bn_param(keys[key_index(key)].key, OSSL_PKEY_PARAM_PRIV_KEY, &priv) == 1 &&
         BN_bn2binpad(priv, d, sizeof d) == sizeof d);
    hash_sha256(data, digest);
    HASH_PARTS(hash_sha256_parts, nonce, BYTES_OF_ARRAY(d), BYTES_OF_ARRAY(digest));
    nonce[0] &= 0x7f; /* below the group order */
    BN_CTX *ctx = BN_CTX_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *k = BN_bin2bn(nonce, sizeof nonce, NULL), *h = BN_bin2bn(digest, sizeof digest, NULL);
    BIGNUM *r = BN_new(), *s = BN_new();
    const BIGNUM *n = EC_GROUP_get0_order(group);
    must(ctx && point && k && h && r && s && EC_POINT_mul(group, point, k, NULL, NULL, ctx) &&
         EC_POINT_get_affine_coordinates(group, point, r, NULL, ctx) && BN_nnmod(r, r, n, ctx) &&
         BN_mod_mul(s, r, priv, n, ctx) && BN_mod_add(s, s, h, n, ctx) &&
         BN_mod_inverse(k, k, n, ctx) && BN_mod_mul(s, s, k, n, ctx));
    must(BN_bn2binpad(r, out, 32) == 32 && BN_bn2binpad(s, out + 32, 32) == 32);
    BN_free(s);
    BN_free(r);
    BN_free(h);
    BN_free(k);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    BN_CTX_free(ctx);
    BN_free(priv);
}

/* What is made here is small: a fixed buffer does. */
struct der {
    uint8_t b[4096];
    size_t n;
};

static void der_put(struct der *d, unsigned tag, struct bytes body)
{
    must(d->n + body.n + 4 <= sizeof d->b && body.n < 65536);
    d->b[d->n++] = (uint8_t)tag;
    if (body.n >= 256) {
        d->b[d->n++] = 0x82;
        d->b[d->n++] = (uint8_t)(body.n >> 8);
    } else if (body.n >= 128) {
        d->b[d->n++] = 0x81;
    }
    d->b[d->n++] = (uint8_t)body.n;
    memcpy(d->b + d->n, body.p, body.n);
    d->n += body.n;
}

static void der_int(struct der *d, unsigned tag, unsigned v)
{
    uint8_t b[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    size_t at = v >= 0x8000 ? 0 : v >= 0x80 ? 1 : 2; /* minimal, never negative */
    der_put(d, tag, bytes_of(b + at, 3 - at));
}

static struct bytes der_of(const struct der *d)
{
    return bytes_of(d->b, d->n);
}

/* SEQUENCE { OID 1.2.840.113741.1.13.1 ‖ arcs, value } */
static void der_member(struct der *d, const uint8_t *arcs, size_t n, const struct der *value)
{
    uint8_t oid[12] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    struct der m = {.n = 0};
    memcpy(oid + 9, arcs, n);
    der_put(&m, 0x06, bytes_of(oid, 9 + n));
    memcpy(m.b + m.n, value->b, value->n);
    m.n += value->n;
    der_put(d, 0x30, der_of(&m));
}

enum { OCTETS = 0x04, INTEGER = 0x02, ENUMERATED = 0x0a, BOOLEAN = 0x01 };

static struct der tcb_member(const struct pki_sgx *s)
{
    struct der all = {.n = 0}, out = {.n = 0};
    for (uint8_t i = 1; i <= 18; i++) {
        struct der v = {.n = 0};
        if (i <= 16)
            der_int(&v, INTEGER, i == 1 && s->wide_svn ? 256 : s->comp_svn[i - 1]);
        else if (i == 17)
            der_int(&v, INTEGER, s->pce_svn);
        else
            der_put(&v, OCTETS, BYTES_OF_ARRAY(s->cpu_svn));
        if (i != 16 || !s->omit_comp)
            der_member(&all, (const uint8_t[]){2, i}, 2, &v);
    }
    der_put(&out, 0x30, der_of(&all));
    return out;
}

static struct der config_member(void)
{
    struct der all = {.n = 0}, out = {.n = 0};
    for (uint8_t i = 1; i <= 3; i++) {
        struct der v = {.n = 0};
        der_put(&v, BOOLEAN, bytes_of("\xff", 1));
        der_member(&all, (const uint8_t[]){7, i}, 2, &v);
    }
    der_put(&out, 0x30, der_of(&all));
    return out;
}

struct bytes pki_extension(struct arena *a, const struct pki_sgx *s)
{
    struct err err = {0};
    struct der all = {.n = 0}, out = {.n = 0};
    uint8_t ppid[64] = {0};
    size_t ppid_len = s->ppid_len ? s->ppid_len : sizeof s->ppid;
    must(ppid_len <= sizeof ppid);
    memcpy(ppid, s->ppid, ppid_len < 16 ? ppid_len : 16);
    for (uint8_t i = 1; i <= (s->sgx_type ? 7 : 5); i++) {
        struct der v = {.n = 0};
        switch (i) {
        case 1:
            der_put(&v, OCTETS, bytes_of(ppid, ppid_len));
            break;
        case 2:
            v = tcb_member(s);
            break;
        case 3:
            der_put(&v, OCTETS, BYTES_OF_ARRAY(s->pce_id));
            break;
        case 4:
            der_put(&v, OCTETS, BYTES_OF_ARRAY(s->fmspc));
            break;
        case 5:
            der_int(&v, ENUMERATED, s->sgx_type);
            break;
        case 6:
            der_put(&v, OCTETS, BYTES_OF_ARRAY(s->instance_id));
            break;
        default:
            v = config_member();
        }
        for (int k = s->omit >> i & 1 ? 1 : 0; k < (s->twice >> i & 1 ? 2 : 1); k++)
            der_member(&all, &i, 1, &v);
    }
    der_put(&out, 0x30, der_of(&all));
    if (s->trailing)
        out.b[out.n++] = 0;
    must(s->cut < out.n);
    uint8_t *p = arena_copy(a, bytes_of(out.b, out.n - s->cut), &err);
    must(p != NULL);
    return bytes_of(p, out.n - s->cut);
}

static X509_NAME *intel_name(const char *cn)
{
    static const char *const rest[][2] = {
        {"O", "Intel Corporation"}, {"L", "Santa Clara"}, {"ST", "CA"}, {"C", "US"}};
    X509_NAME *name = X509_NAME_new();
    must(name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1,
                                            -1, 0));
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        must(X509_NAME_add_entry_by_txt(name, rest[i][0], MBSTRING_ASC,
                                        (const unsigned char *)rest[i][1], -1, -1, 0));
    return name;
}

static ASN1_INTEGER *serial_of(uint64_t v)
{
    ASN1_INTEGER *i = ASN1_INTEGER_new();
    must(i && ASN1_INTEGER_set_uint64(i, v));
    return i;
}

/* key_id: SHA-1 of the public key bits, RFC 5280 section 4.2.1.2, method (1). */
static ASN1_OCTET_STRING *key_id(const char *key)
{
    uint8_t d[20];
    unsigned n = sizeof d;
    ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
    must(s && EVP_Digest(keys[key_index(key)].pub, 65, d, &n, EVP_sha1(), NULL) &&
         ASN1_OCTET_STRING_set(s, d, (int)n));
    return s;
}

static AUTHORITY_KEYID *authority_key_id(const char *key)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
    must(id != NULL);
    id->keyid = key_id(key);
    return id;
}

static void add_constraints(X509 *x, const struct pki_cert *c)
{
    BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
    ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
    must(bc && ku);
    bc->ca = c->ca ? 0xff : 0;
    if (c->ca && c->path_len >= 0)
        bc->pathlen = serial_of((uint64_t)c->path_len);
    /* bits: 0 digitalSignature, 1 nonRepudiation, 5 keyCertSign, 6 cRLSign */
    must(ASN1_BIT_STRING_set_bit(ku, c->ca ? 5 : 0, 1) &&
         ASN1_BIT_STRING_set_bit(ku, c->ca ? 6 : 1, 1));
    if (!c->no_basic_constraints)
        must(X509_add1_ext_i2d(x, NID_basic_constraints, bc, 1, X509V3_ADD_DEFAULT) == 1);
    if (!c->no_key_usage)
        must(X509_add1_ext_i2d(x, NID_key_usage, ku, 1, X509V3_ADD_DEFAULT) == 1);
    ASN1_BIT_STRING_free(ku);
    BASIC_CONSTRAINTS_free(bc);
}

static void add_key_ids(X509 *x, const struct pki_cert *c)
{
    ASN1_OCTET_STRING *own = key_id(c->key);
    AUTHORITY_KEYID *ca = authority_key_id(c->issuer_key);
    must(X509_add1_ext_i2d(x, NID_subject_key_identifier, own, 0, X509V3_ADD_DEFAULT) == 1 &&
         X509_add1_ext_i2d(x, NID_authority_key_identifier, ca, 0, X509V3_ADD_DEFAULT) == 1);
    AUTHORITY_KEYID_free(ca);
    ASN1_OCTET_STRING_free(own);
}

static void add_sgx(struct arena *a, X509 *x, const struct pki_sgx *s)
{
    struct bytes der = pki_extension(a, s);
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    must(oid && value && ASN1_OCTET_STRING_set(value, der.p, (int)der.n));
    X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    must(ext && X509_add_ext(x, ext, -1));
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

/* signed_der: SEQUENCE { tbs, ecdsa-with-SHA256, signature } (RFC 5280, section 4.1 and 5.1). */
static struct bytes signed_der(struct arena *a, const char *key, struct bytes tbs)
{
    static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                        0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    struct err err = {0};
    uint8_t sig[64];
    struct der rs = {.n = 0}, value = {.n = 1}, body = {.n = 0}, out = {.n = 0};
    pki_sign(key, tbs, sig);
    for (size_t i = 0; i < 64; i += 32) { /* INTEGER: minimal, not negative */
        uint8_t b[33] = {0};
        size_t at = 0;
        memcpy(b + 1, sig + i, 32);
        while (at < 32 && b[at] == 0 && b[at + 1] < 0x80)
            at++;
        der_put(&rs, 0x02, bytes_of(b + at, 33 - at));
    }
    der_put(&value, 0x30, der_of(&rs)); /* b[0]: no unused bits */
    must(tbs.n + 256 < sizeof body.b);
    memcpy(body.b, tbs.p, tbs.n);
    memcpy(body.b + tbs.n, algorithm, sizeof algorithm);
    body.n = tbs.n + sizeof algorithm;
    der_put(&body, 0x03, der_of(&value));
    der_put(&out, 0x30, der_of(&body));
    uint8_t *p = arena_copy(a, der_of(&out), &err);
    must(p != NULL);
    return bytes_of(p, out.n);
}

struct bytes pki_cert_der(struct arena *a, const struct pki_cert *c)
{
    X509 *x = X509_new();
    ASN1_INTEGER *serial = serial_of(c->serial);
    X509_NAME *subject = intel_name(c->subject), *issuer = intel_name(c->issuer);
    must(x && X509_set_version(x, 2) && X509_set_serialNumber(x, serial) &&
         X509_set_subject_name(x, subject) && X509_set_issuer_name(x, issuer) &&
         ASN1_TIME_set(X509_getm_notBefore(x), (time_t)c->not_before) &&
         ASN1_TIME_set(X509_getm_notAfter(x), (time_t)c->not_after) &&
         X509_set_pubkey(x, keys[key_index(c->key)].key));
    add_key_ids(x, c);
    add_constraints(x, c);
    if (c->sgx)
        add_sgx(a, x, c->sgx);
    /* Signing writes the algorithm into the TBS part; its signature is random and not used. */
    must(X509_sign(x, keys[key_index(c->issuer_key)].key, EVP_sha256()) > 0);
    unsigned char *tbs = NULL;
    int n = i2d_re_X509_tbs(x, &tbs);
    must(n > 0);
    struct bytes der = signed_der(a, c->issuer_key, bytes_of(tbs, (size_t)n));
    OPENSSL_free(tbs);
    X509_NAME_free(issuer);
    X509_NAME_free(subject);
    ASN1_INTEGER_free(serial);
    X509_free(x);
    return der;
}

static void crl_revoke(X509_CRL *crl, uint64_t serial, uint64_t when)
{
    X509_REVOKED *r = X509_REVOKED_new();
    ASN1_INTEGER *i = serial_of(serial);
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)when);
    must(r && t && X509_REVOKED_set_serialNumber(r, i) && X509_REVOKED_set_revocationDate(r, t) &&
         X509_CRL_add0_revoked(crl, r));
    ASN1_TIME_free(t);
    ASN1_INTEGER_free(i);
}

struct bytes pki_crl_der(struct arena *a, const struct pki_crl *c)
{
    X509_CRL *crl = X509_CRL_new();
    X509_NAME *issuer = intel_name(c->issuer);
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)c->this_update);
    ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)c->next_update);
    ASN1_INTEGER *number = serial_of(1);
    AUTHORITY_KEYID *ca = authority_key_id(c->issuer_key);
    must(crl && from && to && X509_CRL_set_version(crl, 1) &&
         X509_CRL_set_issuer_name(crl, issuer) && X509_CRL_set1_lastUpdate(crl, from) &&
         X509_CRL_set1_nextUpdate(crl, to));
    for (size_t i = 0; i < c->num_revoked; i++)
        crl_revoke(crl, c->revoked[i], c->this_update);
    must(X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, ca, 0, X509V3_ADD_DEFAULT) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, X509V3_ADD_DEFAULT) == 1 &&
         X509_CRL_sort(crl) &&
         X509_CRL_sign(crl, keys[key_index(c->issuer_key)].key, EVP_sha256()) > 0);
    unsigned char *tbs = NULL;
    int n = i2d_re_X509_CRL_tbs(crl, &tbs);
    must(n > 0);
    struct bytes der = signed_der(a, c->issuer_key, bytes_of(tbs, (size_t)n));
    OPENSSL_free(tbs);
    AUTHORITY_KEYID_free(ca);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(to);
    ASN1_TIME_free(from);
    X509_NAME_free(issuer);
    X509_CRL_free(crl);
    return der;
}

struct bytes pki_pem(struct arena *a, const struct bytes *ders, size_t n)
{
    struct err err = {0};
    BIO *bio = BIO_new(BIO_s_mem());
    must(bio != NULL);
    for (size_t i = 0; i < n; i++)
        must(PEM_write_bio(bio, "CERTIFICATE", "", ders[i].p, (long)ders[i].n) > 0);
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    must(len >= 0);
    uint8_t *p = arena_copy(a, bytes_of(text, (size_t)len), &err);
    must(p != NULL);
    BIO_free(bio);
    return bytes_of(p, (size_t)len);
}
