/* diff: against the textbook's quadratic table: the number of common events is the greatest there
 * is, and the rows are a true account of both lists. */
#include "tests/lib/harness.h"

#include "quote/diff.h"

#define MANY 60u

static uint64_t state = 88172645463325252u;
static unsigned below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11) % n;
}

static struct diff_event event(unsigned what, bool known)
{
    struct diff_event e = {.known = known, .label = bytes_of_str(what % 2 ? "odd" : "even")};
    e.digest[0] = (uint8_t)what;
    e.digest[1] = (uint8_t)(what >> 8);
    return e;
}

static bool alike(const struct diff_event *a, const struct diff_event *b)
{
    return !a->known || !b->known || memcmp(a->digest, b->digest, 48) == 0;
}

/* longest: the textbook's table. */
static size_t longest(const struct diff_event *x, size_t n, const struct diff_event *y, size_t m)
{
    static size_t t[MANY + 1][MANY + 1];
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0)
                t[i][j] = 0;
            else if (alike(&x[i - 1], &y[j - 1]))
                t[i][j] = t[i - 1][j - 1] + 1;
            else
                t[i][j] = t[i - 1][j] > t[i][j - 1] ? t[i - 1][j] : t[i][j - 1];
        }
    return t[n][m];
}

/* true_account: every event of both lists once and in order, and no row says what is not so. */
static bool true_account(const struct diff *d, const struct diff_event *x, size_t n,
                         const struct diff_event *y, size_t m)
{
    size_t i = 0, j = 0, count[DIFF_UNKNOWN + 1] = {0};
    for (size_t r = 0; r < d->n; r++) {
        const struct diff_row *row = &d->rows[r];
        bool a = row->op != DIFF_ADDED, b = row->op != DIFF_REMOVED;
        if ((a && (row->a != i || i >= n)) || (b && (row->b != j || j >= m)))
            return false;
        bool known = a && b && x[i].known && y[j].known;
        bool same = a && b && memcmp(x[i].digest, y[j].digest, 48) == 0;
        if ((row->op == DIFF_SAME && !(known && same)) ||
            (row->op == DIFF_CHANGED && (!known || same)) || (row->op == DIFF_UNKNOWN && known))
            return false;
        i += a;
        j += b;
        count[row->op]++;
    }
    return i == n && j == m && memcmp(count, d->count, sizeof count) == 0;
}

static void random_lists(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 4000; round++) {
        struct diff_event x[MANY], y[MANY];
        size_t n = below(MANY + 1), m = 0;
        unsigned kinds = 1 + below(40), unknown = round % 4 == 0 ? 10 : 0;
        for (size_t i = 0; i < n; i++)
            x[i] = event(below(kinds), below(100) >= unknown);
        if (below(2)) {
            m = below(MANY + 1);
            for (size_t i = 0; i < m; i++)
                y[i] = event(below(kinds), below(100) >= unknown);
        } else { /* the first list, edited */
            for (size_t i = 0; i < n && m < MANY; i++) {
                unsigned what = below(12);
                if (what > 1)
                    y[m++] = x[i];
                if ((what == 1 || what == 2) && m < MANY)
                    y[m++] = event(below(kinds), true);
            }
        }
        struct arena *a = arena_new(1 << 20);
        struct diff d;
        struct err err = {0};
        bool labels = round % 2;
        assert_int_equal(
            diff_events(a, (struct diff_list){x, n}, (struct diff_list){y, m}, labels, &d, &err),
            RC_OK);
        size_t common = d.count[DIFF_SAME], want = longest(x, n, y, m);
        for (size_t r = 0; r < d.n; r++)
            common += d.rows[r].op == DIFF_UNKNOWN;
        CASE("longest common subsequence", common == want, "round %u: %zu, not %zu", round, common,
             want);
        CASE("a true account", d.aligned && true_account(&d, x, n, y, m), "round %u", round);
        for (size_t r = 0; r < d.n && labels; r++)
            CASE("pairs are of one label",
                 d.rows[r].op != DIFF_CHANGED ||
                     bytes_eq(x[d.rows[r].a].label, y[d.rows[r].b].label),
                 "round %u", round);
        arena_free(a);
    }
}

static void one_more_at_the_front(void **unused)
{
    (void)unused;
    struct diff_event x[5], y[6];
    for (unsigned i = 0; i < 5; i++)
        y[i + 1] = x[i] = event(i, true);
    y[0] = event(99, true);
    struct arena *a = arena_new(1 << 20);
    struct diff d;
    struct err err = {0};
    assert_int_equal(
        diff_events(a, (struct diff_list){x, 5}, (struct diff_list){y, 6}, true, &d, &err), RC_OK);
    CASE("one added, the rest the same", d.count[DIFF_SAME] == 5 && d.count[DIFF_ADDED] == 1,
         "same %zu", d.count[DIFF_SAME]);
    CASE("at the front", d.rows[0].op == DIFF_ADDED && d.rows[0].b == 0, "op %d",
         (int)d.rows[0].op);
    arena_free(a);
}

static void pairing(void **unused)
{
    (void)unused;
    struct diff_event x[3] = {event(1, true), event(2, true), event(3, true)},
                      y[3] = {x[0], x[1], x[2]};
    y[1] = event(4, true); /* even, as 2 */
    struct arena *a = arena_new(1 << 20);
    struct diff d;
    struct err err = {0};
    struct diff_list first = {x, 3}, second = {y, 3};
    assert_int_equal(diff_events(a, first, second, true, &d, &err), RC_OK);
    CASE("changed", d.n == 3 && d.rows[1].op == DIFF_CHANGED, "%zu rows", d.n);
    y[1] = event(5, true);
    assert_int_equal(diff_events(a, first, second, true, &d, &err), RC_OK);
    CASE("of another label", d.count[DIFF_REMOVED] == 1 && d.count[DIFF_ADDED] == 1, "%zu rows",
         d.n);
    assert_int_equal(diff_events(a, first, second, false, &d, &err), RC_OK);
    CASE("of labels that say nothing", d.count[DIFF_CHANGED] == 1, "%zu rows", d.n);
    y[1].known = false;
    assert_int_equal(diff_events(a, first, second, true, &d, &err), RC_OK);
    CASE("not known", d.count[DIFF_UNKNOWN] == 1 && d.count[DIFF_SAME] == 2, "%zu rows", d.n);
    assert_int_equal(
        diff_events(a, (struct diff_list){NULL, 0}, (struct diff_list){NULL, 0}, true, &d, &err),
        RC_OK);
    CASE("nothing and nothing", d.n == 0, "%zu rows", d.n);
    arena_free(a);
}

/* The largest logs there are, of which nothing is alike: bounded, and told. */
static void the_worst(void **unused)
{
    (void)unused;
    enum { N = 16384 };
    struct arena *a = arena_new(64u << 20);
    struct err err = {0};
    struct diff_event *x = ARENA_ARRAY(a, struct diff_event, N, &err);
    struct diff_event *y = ARENA_ARRAY(a, struct diff_event, N, &err);
    for (unsigned i = 0; i < N; i++) {
        x[i] = event(2 * i, true);
        y[i] = event(2 * i + 1, true);
    }
    struct diff d;
    enum rc rc = diff_events(a, (struct diff_list){x, N}, (struct diff_list){y, N}, true, &d, &err);
    CASE("not aligned", rc == RC_OK && !d.aligned, "BG-%04d", (int)rc);
    CASE("a true account", rc == RC_OK && true_account(&d, x, N, y, N), "BG-%04d", (int)rc);
    y[N - 1] = x[N - 1];
    y[0] = x[0];
    rc = diff_events(a, (struct diff_list){x, N}, (struct diff_list){y, N}, true, &d, &err);
    CASE("ends are kept", rc == RC_OK && d.count[DIFF_SAME] == 2, "BG-%04d", (int)rc);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lists),
                                       cmocka_unit_test(one_more_at_the_front),
                                       cmocka_unit_test(pairing), cmocka_unit_test(the_worst)};
    return HARNESS_RUN("diff", tests);
}
