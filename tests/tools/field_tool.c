/*
 * field_tool: answers one line per line of standard input, for comparison with another
 * implementation (tests/oracles/blsfield_diff.mjs). Elements are hex, 48 bytes for each coefficient
 * in F_p, lowest first at every level of the tower (c0 before c1); a bool is 0 or 1. An argument
 * picks the way to compute: "portable", or "x86", which exits with 3 where there is none. fpN.OP
 * ELEMENT..       one of the functions below; "none" for a root that there isn't fp.read HEX "bad",
 * or the element fp.wide HEX            64 bytes modulo p pair P Q               the cube of e(P,
 * Q), points as x then y one P Q [P Q ..]       pairing_product_is_one; "-" is infinity
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/bls/ate.h"
#include "policy/bls/fp_mul.h"
#include "tests/lib/harness.h"
#include "tests/lib/tool.h"

#define MAX_WORDS (2 + 2 * (PAIRING_MAX + 1))

/* The words of a line, as bytes and as elements of n coefficients. */
struct words {
    size_t n;
    struct bytes v[MAX_WORDS];
};

static struct bytes word(const struct words *w, size_t i, size_t n)
{
    if (i >= w->n || w->v[i].n != n)
        tool_die("a word is missing or has another length");
    return w->v[i];
}

/* element: coefficients lie in memory in the order of the text: each struct is an array of fp. */
static void element(const struct words *w, size_t i, struct fp *out, size_t n)
{
    struct bytes b = word(w, i, n * FP_BYTES);
    for (size_t k = 0; k < n; k++)
        if (!fp_read(b.p + k * FP_BYTES, &out[k]))
            tool_die("not below p");
}

static void print(const struct fp *a, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint8_t b[FP_BYTES];
        fp_write(&a[k], b);
        for (size_t i = 0; i < sizeof b; i++)
            printf("%02x", b[i]);
    }
}

_Static_assert(sizeof(struct fp12) == 12 * sizeof(struct fp), "a tower of arrays");

union value {
    struct fp fp;
    struct fp2 fp2;
    struct fp6 fp6;
    struct fp12 fp12;
    struct fp flat[12];
};

/* ---- the table of functions ------------------------------------------------------------------ */
typedef void (*binary_fn)(union value *, const union value *, const union value *);

#define BINARY(f, level)                                                                           \
    static void f##_(union value *r, const union value *a, const union value *b)                   \
    {                                                                                              \
        f(&r->level, &a->level, &b->level);                                                        \
    }
#define UNARY(f, level)                                                                            \
    static void f##_(union value *r, const union value *a, const union value *b)                   \
    {                                                                                              \
        (void)b;                                                                                   \
        f(&r->level, &a->level);                                                                   \
    }
BINARY(fp_add, fp)
BINARY(fp_sub, fp)
BINARY(fp_mul, fp)
UNARY(fp_neg, fp)
UNARY(fp_dbl, fp)
UNARY(fp_sqr, fp)
UNARY(fp_inv, fp)
BINARY(fp2_add, fp2)
BINARY(fp2_sub, fp2)
BINARY(fp2_mul, fp2)
UNARY(fp2_neg, fp2)
UNARY(fp2_dbl, fp2)
UNARY(fp2_conj, fp2)
UNARY(fp2_mul_xi, fp2)
UNARY(fp2_sqr, fp2)
UNARY(fp2_inv, fp2)
BINARY(fp6_add, fp6)
BINARY(fp6_sub, fp6)
BINARY(fp6_mul, fp6)
UNARY(fp6_neg, fp6)
UNARY(fp6_sqr, fp6)
UNARY(fp6_inv, fp6)
UNARY(fp6_mul_v, fp6)
BINARY(fp12_mul, fp12)
UNARY(fp12_sqr, fp12)
UNARY(fp12_conj, fp12)
UNARY(fp12_inv, fp12)
UNARY(fp12_frobenius, fp12)
UNARY(fp12_frobenius2, fp12)
UNARY(fp12_cyclotomic_sqr, fp12)

static void fp2_mul_fp_(union value *r, const union value *a, const union value *b)
{
    fp2_mul_fp(&r->fp2, &a->fp2, &b->fp);
}
static void fp6_mul_01_(union value *r, const union value *a, const union value *b)
{
    fp6_mul_01(&r->fp6, &a->fp6, &b->fp6.c0, &b->fp6.c1);
}
static void fp6_mul_1_(union value *r, const union value *a, const union value *b)
{
    fp6_mul_1(&r->fp6, &a->fp6, &b->fp2);
}
static void fp12_mul_line_(union value *r, const union value *a, const union value *b)
{
    struct fp12_line l = {b->fp6.c0, b->fp6.c1, b->fp6.c2};
    fp12_mul_line(&r->fp12, &a->fp12, &l);
}

static const struct op {
    const char *name;
    binary_fn fn;
    size_t n, other; /* coefficients of the first and second operand */
} ops[] = {
    {"fp.add", fp_add_, 1, 1},
    {"fp.sub", fp_sub_, 1, 1},
    {"fp.mul", fp_mul_, 1, 1},
    {"fp.neg", fp_neg_, 1, 0},
    {"fp.dbl", fp_dbl_, 1, 0},
    {"fp.sqr", fp_sqr_, 1, 0},
    {"fp.inv", fp_inv_, 1, 0},
    {"fp2.add", fp2_add_, 2, 2},
    {"fp2.sub", fp2_sub_, 2, 2},
    {"fp2.mul", fp2_mul_, 2, 2},
    {"fp2.mulfp", fp2_mul_fp_, 2, 1},
    {"fp2.neg", fp2_neg_, 2, 0},
    {"fp2.dbl", fp2_dbl_, 2, 0},
    {"fp2.conj", fp2_conj_, 2, 0},
    {"fp2.xi", fp2_mul_xi_, 2, 0},
    {"fp2.sqr", fp2_sqr_, 2, 0},
    {"fp2.inv", fp2_inv_, 2, 0},
    {"fp6.add", fp6_add_, 6, 6},
    {"fp6.sub", fp6_sub_, 6, 6},
    {"fp6.mul", fp6_mul_, 6, 6},
    {"fp6.mul01", fp6_mul_01_, 6, 4},
    {"fp6.mul1", fp6_mul_1_, 6, 2},
    {"fp6.neg", fp6_neg_, 6, 0},
    {"fp6.sqr", fp6_sqr_, 6, 0},
    {"fp6.inv", fp6_inv_, 6, 0},
    {"fp6.v", fp6_mul_v_, 6, 0},
    {"fp12.mul", fp12_mul_, 12, 12},
    {"fp12.line", fp12_mul_line_, 12, 6},
    {"fp12.sqr", fp12_sqr_, 12, 0},
    {"fp12.conj", fp12_conj_, 12, 0},
    {"fp12.inv", fp12_inv_, 12, 0},
    {"fp12.frob", fp12_frobenius_, 12, 0},
    {"fp12.frob2", fp12_frobenius2_, 12, 0},
    {"fp12.cyclo", fp12_cyclotomic_sqr_, 12, 0},
};

/* table: an operation of the table, also with its result in each operand's place. */
static bool table(const char *verb, const struct words *w)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        union value a = {0}, b = {0}, r = {0}, same;
        if (strcmp(ops[i].name, verb) != 0)
            continue;
        element(w, 0, a.flat, ops[i].n);
        if (ops[i].other)
            element(w, 1, b.flat, ops[i].other);
        ops[i].fn(&r, &a, &b);
        print(r.flat, ops[i].n);
        same = a;
        ops[i].fn(&same, &same, &b);
        if (memcmp(same.flat, r.flat, ops[i].n * sizeof(struct fp)) != 0)
            printf(" differs when the result is the first operand");
        same = b;
        if (ops[i].other == ops[i].n) {
            ops[i].fn(&same, &a, &same);
            if (memcmp(same.flat, r.flat, ops[i].n * sizeof(struct fp)) != 0)
                printf(" differs when the result is the second operand");
        }
        return true;
    }
    return false;
}

/* ---- questions, roots, bytes ----------------------------------------------------------------- */
static bool question(const char *verb, const struct words *w)
{
    union value a, r;
    bool quadratic = !strncmp(verb, "fp2.", 4);
    const char *what = strchr(verb, '.') + 1;
    size_t n = quadratic ? 2 : 1;
    if (!strcmp(verb, "fp.read")) {
        if (fp_read(word(w, 0, FP_BYTES).p, &r.fp))
            print(r.flat, 1);
        else
            printf("bad");
        return true;
    }
    if (!strcmp(verb, "fp.wide")) {
        fp_reduce_wide(word(w, 0, 64).p, &r.fp);
        print(r.flat, 1);
        return true;
    }
    if (strcmp(what, "sqrt") && strcmp(what, "large") && strcmp(what, "odd"))
        return false;
    element(w, 0, a.flat, n);
    if (!strcmp(what, "sqrt")) {
        if (quadratic ? fp2_sqrt(&r.fp2, &a.fp2) : fp_sqrt(&r.fp, &a.fp))
            print(r.flat, n);
        else
            printf("none");
    } else if (!strcmp(what, "large")) {
        printf("%d", quadratic ? fp2_is_large(&a.fp2) : fp_is_large(&a.fp));
    } else {
        printf("%d", quadratic ? fp2_is_odd(&a.fp2) : fp_is_odd(&a.fp));
    }
    return true;
}

/* ---- pairings -------------------------------------------------------------------------------- */
static size_t pairs(const struct words *w, struct g1_affine *p, struct g2_affine *q)
{
    size_t n = w->n / 2;
    if (n > PAIRING_MAX + 1 || w->n % 2)
        tool_die("pairs expected");
    for (size_t i = 0; i < n; i++) {
        union value v = {0};
        p[i] = (struct g1_affine){.infinity = w->v[2 * i].n == 0};
        q[i] = (struct g2_affine){.infinity = w->v[2 * i + 1].n == 0};
        if (!p[i].infinity) {
            element(w, 2 * i, v.flat, 2);
            p[i].x = v.flat[0];
            p[i].y = v.flat[1];
        }
        if (!q[i].infinity) {
            element(w, 2 * i + 1, v.flat, 4);
            q[i].x = (struct fp2){v.flat[0], v.flat[1]};
            q[i].y = (struct fp2){v.flat[2], v.flat[3]};
        }
    }
    return n;
}

static bool pairing(const char *verb, const struct words *w)
{
    struct g1_affine p[PAIRING_MAX + 1];
    struct g2_affine q[PAIRING_MAX + 1];
    union value r;
    if (!strcmp(verb, "one")) {
        size_t n = pairs(w, p, q);
        printf("%d", pairing_product_is_one(p, q, n));
        return true;
    }
    if (strcmp(verb, "pair") != 0)
        return false;
    if (pairs(w, p, q) != 1)
        tool_die("one pair expected");
    ate_miller(p, q, 1, &r.fp12);
    ate_final(&r.fp12, &r.fp12);
    print(r.flat, 12);
    return true;
}

static void answer(struct arena *a, char *line)
{
    char *save = NULL;
    const char *verb = strtok_r(line, " \n", &save);
    struct words w = {0};
    struct err err = {0};
    if (!verb)
        tool_die("an empty line");
    for (char *t; (t = strtok_r(NULL, " \n", &save)) != NULL; w.n++) {
        if (w.n == MAX_WORDS)
            tool_die("too many words");
        if (strcmp(t, "-") != 0 && !hex_decode_any(a, bytes_of_str(t), &w.v[w.n], &err))
            tool_die("not hex");
    }
    if (!(strchr(verb, '.') ? table(verb, &w) || question(verb, &w) : pairing(verb, &w)))
        tool_die("no such verb");
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc > 1 && !fp_path_set(strcmp(argv[1], "x86") ? FP_PATH_PORTABLE : FP_PATH_X86)) {
        printf("not on this machine\n");
        return 3;
    }
    return tool_ask(1 << 16, answer);
}
