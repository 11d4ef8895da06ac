/*
 * tdx_codes: which code a defect gets. A case takes a good world of our own, changes one thing, and
 * builds again; the refusal must have exactly the code the case names (one per failing site and
 * per document), where tests/lib/tdx_case.h looks at class and exit status.
 */
#ifndef BOOTGATE_TESTS_TDX_CODES_H
#define BOOTGATE_TESTS_TDX_CODES_H

#include "quote/verify.h"
#include "tests/lib/tdx_world.h"

struct made {
    struct arena *a;
    struct tdx_world w;     /* to be changed */
    struct tdx_bundle good; /* the default world, for parts to mix in */
};

struct code_case {
    const char *name;
    void (*make)(struct made *m);
    int want;
};

/* DEFECT makes a function that does this one thing, and notes the code expected. */
#define DEFECT(name, code, ...)                                                                    \
    static void name(struct made *m)                                                               \
    {                                                                                              \
        struct tdx_world *w = &m->w;                                                               \
        (void)w;                                                                                   \
        __VA_ARGS__;                                                                               \
    }                                                                                              \
    enum { name##_code = (code) };
#define CODE_ROW(name)                                                                             \
    {                                                                                              \
#name, name, (int)name##_code                                                              \
    }

/* made_open: the default world, built once. made_close frees it. */
void made_open(struct made *m);
void made_close(struct made *m);
/* codes_refused builds and judges each, one CASE each. */
void codes_refused(const struct code_case *v, size_t n);
/* verify_bundle is the whole way: parse, then verify against the world's own root. */
enum rc verify_bundle(struct arena *a, const struct tdx_bundle *b, uint64_t now,
                      struct td_report *out, struct err *err);

/* Parts for defects. */
struct bytes text(const char *s);
struct bytes cut(struct bytes b, size_t by);
struct bytes cert(struct made *m, struct pki_cert c);
struct bytes chain2(struct made *m, struct bytes x, struct bytes y);
struct bytes chain3(struct made *m, struct bytes x, struct bytes y, struct bytes z);
struct bytes below_root(struct made *m, struct pki_cert c);
struct bytes signer_below_pck_ca(struct made *m);
struct bytes seven_roots(struct made *m);
struct bytes edited_pck_chain(struct made *m, const char *from, const char *to);
struct pki_cert with_sgx(struct made *m);
struct bytes other_root(struct made *m);
void v5(struct tdx_world *w, uint16_t body_type);
void revoke(struct pki_crl *crl, uint64_t serial);
void platform_status(struct tdx_world *w, const char *status);
void qe_status(struct tdx_world *w, const char *status);

#endif
