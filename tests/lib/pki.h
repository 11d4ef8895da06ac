/*
 * pki: the tests' own certificate authority. Makes roots, PCK CAs, PCK leaves with the SGX
 * extension, TCB signers and CRLs of Intel's shapes, every field overridable, so that each defect
 * can be made by name. Keys follow from their names (SHA-256) and signatures from what they sign,
 * so every run makes the same bytes and stores no keys; they are as public as this file. Anything
 * that goes wrong in here ends the program.
 */
#ifndef BOOTGATE_TESTS_PKI_H
#define BOOTGATE_TESTS_PKI_H

#include "base/arena.h"

/* pki_public: the P-256 public key of the key so named, x||y. */
void pki_public(const char *key, uint8_t out[static 64]);
/* pki_sign: ECDSA P-256 with SHA-256, r||s; the nonce follows from key and data, see pki.c. */
void pki_sign(const char *key, struct bytes data, uint8_t out[static 64]);

/* struct pki_sgx: the SGX extension of a PCK certificate (1.2.840.113741.1.13.1). */
struct pki_sgx {
    uint8_t ppid[16];
    uint8_t comp_svn[16];
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    unsigned sgx_type;       /* .5; 1 and 2 get a platform instance id and a configuration */
    uint8_t instance_id[16]; /* .6 */
    /* defects */
    unsigned omit;   /* bit n: leave member .n out */
    unsigned twice;  /* bit n: give member .n twice */
    size_t ppid_len; /* not 16: a PPID of that length */
    size_t cut;      /* bytes cut off the end of the extension value */
    bool wide_svn;   /* component 1 is 256 */
    bool omit_comp;  /* component .2.16 left out */
    bool trailing;   /* a byte behind the SEQUENCE, inside the extension */
};

/* struct pki_cert: one certificate to make. */
struct pki_cert {
    const char *subject, *issuer; /* common names; the rest of the name is Intel's */
    const char *key, *issuer_key; /* names of keys: own and the signer's */
    uint64_t serial;
    uint64_t not_before, not_after;          /* Unix seconds */
    bool ca;                                 /* basicConstraints and keyUsage of a CA */
    int path_len;                            /* CA only; -1: none */
    bool no_basic_constraints, no_key_usage; /* defects */
    const struct pki_sgx *sgx;               /* NULL: no SGX extension */
};
/* pki_cert_der makes and signs it; DER in the arena. */
struct bytes pki_cert_der(struct arena *a, const struct pki_cert *c);

#define PKI_REVOKED_MAX 8
struct pki_crl {
    const char *issuer, *issuer_key;
    uint64_t this_update, next_update;
    uint64_t revoked[PKI_REVOKED_MAX]; /* serial numbers */
    size_t num_revoked;
};
struct bytes pki_crl_der(struct arena *a, const struct pki_crl *c);

/* pki_pem: the DER certificates as one PEM text, in the order given. */
struct bytes pki_pem(struct arena *a, const struct bytes *ders, size_t n);

/* pki_extension: DER of the SGX extension's value. */
struct bytes pki_extension(struct arena *a, const struct pki_sgx *s);

/* must: the condition holds, or the program ends saying where. */
#define pki_must(cond) pki_must_((cond), #cond, __FILE__, __LINE__)
void pki_must_(bool ok, const char *what, const char *file, int line);

#endif
