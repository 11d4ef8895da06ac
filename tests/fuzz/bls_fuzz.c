/*
 * bls_fuzz: the input is read as a point of G1, of G2, as a point with a hint, and as a row of
 * points. What is accepted is on its curve and is written as it was read; a hint gives what the
 * square root gives; the sum of a row is the sum one by one.
 */
#include <stdlib.h>

#include "policy/bls/bls.h"

#define ROW_MAX 300u

static void must(bool b)
{
    if (!b)
        abort();
}

static void one_g1(const uint8_t *in, struct g1_affine *p, bool *ok)
{
    uint8_t out[G1_COMPRESSED];
    const char *why = NULL;
    struct g1_affine key;
    *ok = g1_decompress(in, p, &why);
    must(*ok || why);
    if (!*ok)
        return;
    must(g1_on_curve(p));
    g1_compress(p, out);
    must(memcmp(in, out, sizeof out) == 0);
    must(bls_key_valid(in, &key, &why) == (!p->infinity && g1_in_group(p)));
}

static void one_g2(const uint8_t *in)
{
    struct g2_affine p;
    uint8_t out[G2_COMPRESSED];
    const char *why = NULL;
    if (!g2_decompress(in, &p, &why)) {
        must(why != NULL);
        return;
    }
    must(g2_on_curve(&p));
    g2_compress(&p, out);
    must(memcmp(in, out, sizeof out) == 0);
    struct g2 j;
    if (in[G2_COMPRESSED - 1] % 8) /* this is the slow part: for some is enough */
        return;
    g2_from_affine(&j, &p);
    g2_clear_cofactor(&j, &j);
    g2_to_affine(&p, &j);
    must(g2_on_curve(&p) && g2_in_group(&p));
}

static void hint(const uint8_t *in, const uint8_t *y)
{
    struct g1_affine p, q;
    uint8_t out[FP_BYTES];
    const char *why = NULL;
    bool hinted = g1_from_hint(in, y, &p, &why);
    must(hinted || why);
    if (!hinted)
        return;
    must(g1_decompress(in, &q, &why));
    must(!p.infinity && !q.infinity && fp_eq(&p.x, &q.x) && fp_eq(&p.y, &q.y));
    fp_write(&p.y, out);
    must(memcmp(out, y, sizeof out) == 0);
}

/* A byte a point: one of those read so far, or its opposite. */
static void row(const struct g1_affine *base, size_t n, const uint8_t *data, size_t size)
{
    static struct g1_affine points[ROW_MAX];
    static const struct g1_affine *list[ROW_MAX];
    struct g1 got, want = {.z = fp_zero};
    struct g1_affine ga, wa;
    size_t m = size < ROW_MAX ? size : ROW_MAX;
    for (size_t i = 0; i < m; i++) {
        points[i] = base[data[i] / 2 % n];
        if (data[i] % 2)
            g1_neg_affine(&points[i], &points[i]);
        list[i] = &points[i];
        g1_add_affine(&want, &want, &points[i]);
    }
    g1_sum(list, m, &got);
    g1_to_affine(&ga, &got);
    g1_to_affine(&wa, &want);
    must(ga.infinity == wa.infinity && g1_on_curve(&ga));
    must(fp_eq(&ga.x, &wa.x) && fp_eq(&ga.y, &wa.y));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct g1_affine base[4];
    size_t n = 0;
    for (size_t at = 0; at + G1_COMPRESSED <= size && n < 4; at += G1_COMPRESSED) {
        bool ok;
        one_g1(data + at, &base[n], &ok);
        n += ok;
    }
    if (size >= G2_COMPRESSED) {
        one_g2(data);
        hint(data, data + G1_COMPRESSED);
    }
    if (n)
        row(base, n, data, size);
    return 0;
}
