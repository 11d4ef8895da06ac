#include "tests/lib/near_tx.h"

#include "tests/lib/harness.h"

void near_put(struct near_wire *w, const void *p, size_t n)
{
    assert_true(w->n + n <= sizeof w->p);
    memcpy(w->p + w->n, p, n);
    w->n += n;
}

void near_put_le(struct near_wire *w, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        near_put(w, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
}

void near_put_text(struct near_wire *w, struct bytes text)
{
    near_put_le(w, text.n, 4);
    near_put(w, text.p, text.n);
}

static void put_fill(struct near_wire *w, int v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        near_put(w, &(uint8_t){(uint8_t)v}, 1);
}

struct near_wire near_tx_make(struct near_tx t, size_t *out_n)
{
    struct near_wire w = {.n = 0};
    near_put_text(&w, bytes_of_str(t.signer));
    near_put_le(&w, t.key_type, 1);
    put_fill(&w, 7, t.key_type ? 64 : 32);
    near_put_le(&w, 9, 8);
    near_put_text(&w, t.receiver);
    put_fill(&w, 8, 32);
    near_put_le(&w, t.actions, 4);
    near_put_le(&w, t.action, 1);
    near_put_text(&w, t.method);
    near_put_text(&w, t.args);
    near_put_le(&w, 30000000000000, 8);
    put_fill(&w, 0, 16);
    *out_n = w.n;
    near_put_le(&w, t.key_type, 1);
    put_fill(&w, 6, t.key_type ? 65 : 64);
    return w;
}

struct near_tx near_tx_usual(void)
{
    return (struct near_tx){"relay.near",
                            bytes_of_str("kms.near"),
                            bytes_of_str("is_kms_allowed"),
                            bytes_of_str("{}"),
                            0,
                            2,
                            1};
}
