/* cause: the layouts against the digests that dstack published (a304dd96, captured from a guest);
 * no random value is ever proven to come from a known variant; every search is bounded. */
#include "tests/lib/harness.h"

#include "base/hash.h"
#include "quote/cause.h"
#include "quote/cause_cmdline.h"
#include "tests/lib/image_case.h"

#define GIB (UINT64_C(1) << 30)

static struct arena *a;
static struct err err;
static struct firmware_image firmware;
static struct kernel_image kernel;
static struct image_files files;
static struct cause_image image;

static int fresh(void **state)
{
    (void)state;
    a = arena_new((size_t)512 << 20);
    firmware_build(&firmware);
    kernel_build(&kernel);
    files = (struct image_files){.firmware = BYTES_OF_ARRAY(firmware.b),
                                 .kernel = BYTES_OF_ARRAY(kernel.b),
                                 .initrd_size = 5000,
                                 .cmdline = bytes_of_str("console=ttyS0 dstack.rootfs_hash=12ab")};
    memset(files.initrd_sha384, 0x11, 48);
    image = (struct cause_image){.files = &files};
    image.guest = (struct measured_guest){
        .memory = 2 * GIB, .order = TDVF_SINGLE_PASS, .header = BZIMAGE_PATCHED};
    for (size_t i = 0; i < NUM_MEASURED_GIVEN; i++) {
        image.guest.has_given[i] = true;
        memset(image.guest.given[i], (int)(0x40 + i), 48);
    }
    assert_int_equal(image_material(a, &files, 2 * GIB, BZIMAGE_PATCHED, &image.image, &err),
                     RC_OK);
    return a ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}

static uint64_t seed = 88172645463325252u;
static uint8_t dice(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint8_t)(seed >> 24);
}

static struct measurement measured(enum measured_layout layout)
{
    struct measured_guest g = image.guest;
    struct measurement m;
    g.layout = layout;
    assert_int_equal(measurement_make(&image.image, &g, &m, &err), RC_OK);
    return m;
}

/* side_of: a guest that measured exactly this, with or without a log. */
static struct cause_side side_of(const struct measurement *m, bool log)
{
    struct cause_side s = {.has_mrtd = true};
    struct diff_register *reg = ARENA_ARRAY(a, struct diff_register, 4, &err);
    memcpy(s.mrtd, m->mrtd, 48);
    for (unsigned r = 0; r < 3; r++) {
        struct diff_event *v = ARENA_ARRAY(a, struct diff_event, m->n, &err);
        size_t n = 0;
        for (size_t i = 0; i < m->n; i++)
            if (m->events[i].rtmr == r) {
                v[n] = (struct diff_event){.known = true, .label = bytes_of_str("x")};
                memcpy(v[n++].digest, m->events[i].digest, 48);
            }
        reg[r].has_value = true;
        memcpy(reg[r].value, m->rtmr[r], 48);
        reg[r].has_events = reg[r].replays = log;
        reg[r].list = log ? (struct diff_list){v, n} : (struct diff_list){NULL, 0};
    }
    s.reg = reg;
    return s;
}

/* extended sets a register to what its events lead to. */
static void extended(struct diff_register *g)
{
    memset(g->value, 0, 48);
    for (size_t i = 0; i < g->list.n; i++)
        HASH_PARTS(hash_sha384_parts, g->value, BYTES_OF_ARRAY(g->value),
                   bytes_of(g->list.v[i].digest, 48));
}

static struct causes causes_of(const struct cause_side *s)
{
    struct causes c = {0};
    assert_int_equal(cause_boot(a, &image, s, &c, &err), RC_OK);
    causes_sort(&c);
    return c;
}

static void layout_202505(void **unused)
{
    (void)unused;
    static const struct {
        const char *what, *digest;
    } published[] = {
        {"variable BootOrder", "52b9a02de946b947364b57d8210c63113b9058996e2a3ba7cead54af11ae0873"
                               "b085d1e52bc01e4febe57ca05ca1332b"},
        {"variable Boot0000", "5068e6a9ded2a1c3a8ebb5d26004410ea8670742d8f444c5c3d161b76c66fa23"
                              "a7b1d2fb3f9840570b675384b5818f2d"},
        {"variable Boot0001", "dd424f2eeb35f3e8a2c2f50f6cc87ff90b7577e92ce63e13a22869d07d104fd5"
                              "ea9800e6e4f12c5058fc4eaa78374f20"},
    };
    struct measurement m = measured(MEASURED_STABLE202505);
    size_t in_rtmr0 = 0, found = 0;
    for (size_t i = 0; i < m.n; i++) {
        in_rtmr0 += m.events[i].rtmr == 0;
        for (size_t k = 0; k < 3; k++)
            if (strcmp(m.events[i].what, published[k].what) == 0) {
                found++;
                assert_memory_equal(m.events[i].digest, unhex(a, published[k].digest).p, 48);
            }
    }
    assert_int_equal(in_rtmr0, 17);
    assert_int_equal(found, 3);
    assert_int_equal(m.n, MEASURED_EVENTS - 1);
}

static void layout_202411(void **unused)
{
    (void)unused;
    struct measurement now = measured(MEASURED_PRE202505), old = measured(MEASURED_PRE202411);
    size_t separators[2][3] = {{0}};
    for (size_t i = 0; i < now.n; i++)
        separators[0][now.events[i].rtmr] += strcmp(now.events[i].what, "separator") == 0;
    for (size_t i = 0; i < old.n; i++)
        separators[1][old.events[i].rtmr] += strcmp(old.events[i].what, "separator") == 0;
    assert_int_equal(now.n, old.n);
    assert_true(separators[0][0] == 1 && separators[0][1] == 1);
    assert_true(separators[1][0] == 2 && separators[1][1] == 0);
}

static void nothing_differs(void **unused)
{
    (void)unused;
    for (unsigned l = 0; l < NUM_MEASURED_LAYOUTS; l++)
        for (int log = 0; log < 2; log++) {
            image.guest.layout = (enum measured_layout)l;
            struct measurement m = measured(image.guest.layout);
            struct cause_side s = side_of(&m, log);
            struct causes c = causes_of(&s);
            CASE("nothing differs", c.n == 0, "layout %u: %s", l, c.n ? c.v[0].why : "");
        }
    image.guest.layout = MEASURED_PRE202505;
}

/* Each event in turn is a random value: never proven, and never more than narrowed to its inputs.
 */
static void never_guessed(void **unused)
{
    (void)unused;
    struct measurement m = measured(MEASURED_PRE202505);
    for (size_t round = 0; round < 3 * m.n; round++) {
        const struct measured_event *e = &m.events[round % m.n];
        struct cause_side s = side_of(&m, round < 2 * m.n);
        struct diff_register *g = (struct diff_register *)&s.reg[e->rtmr];
        size_t at = 0;
        for (size_t i = 0; i < round % m.n; i++)
            at += m.events[i].rtmr == e->rtmr;
        for (size_t i = 0; i < 48; i++) {
            if (round < 2 * m.n)
                ((struct diff_event *)g->list.v)[at].digest[i] = dice();
            else
                g->value[i] = dice();
        }
        if (round < 2 * m.n)
            extended(g);
        struct causes c = causes_of(&s);
        CASE("never guessed: something is said", c.n == 1, "%s: %zu causes", e->what, c.n);
        for (size_t i = 0; i < c.n; i++) {
            CASE("never guessed: not proven", c.v[i].confidence <= CAUSE_NARROWED, "%s: %s",
                 e->what, c.v[i].why);
            CASE("never guessed: the register", c.v[i].registers == 1u << e->rtmr, "%s: %x",
                 e->what, c.v[i].registers);
            if (round < 2 * m.n)
                CASE("never guessed: inputs", (c.v[i].inputs & ~e->inputs) == 0, "%s: %x", e->what,
                     c.v[i].inputs);
        }
        CASE("never guessed: bounded", c.tried < 50000, "%zu variants", c.tried);
    }
}

static void mrtd(void **unused)
{
    (void)unused;
    struct measurement m = measured(MEASURED_PRE202505);
    struct cause_side s = side_of(&m, true);
    memcpy(s.mrtd, image.image.mrtd_two, 48);
    struct causes c = causes_of(&s);
    assert_int_equal(c.n, 1);
    assert_string_equal(c.v[0].id, "page-order");
    assert_int_equal(c.v[0].confidence, CAUSE_PROVEN);
    for (size_t i = 0; i < 48; i++) { /* every byte counts */
        memcpy(s.mrtd, image.image.mrtd_two, 48);
        s.mrtd[i] ^= 1;
        c = causes_of(&s);
        CASE("mrtd flipped", c.n == 1 && strcmp(c.v[0].id, "firmware") == 0, "byte %zu: %s", i,
             c.n ? c.v[0].id : "-");
    }
}

static void edits(void **unused)
{
    (void)unused;
    bool more = true;
    size_t n = 0, applied = 0, i = 0;
    for (; more; i++) {
        struct cmdline_edit e;
        uint8_t wide[512] = {0}, want[48];
        assert_int_equal(cmdline_edit_at(a, files.cmdline, i, &e, &more, &err), RC_OK);
        if (!more || !*e.what)
            continue;
        for (size_t k = 0; k < e.text.n; k++)
            wide[2 * k] = e.text.p[k];
        hash_sha384(bytes_of(wide, 2 * e.text.n + 2), want);
        CASE("edit's digest", memcmp(want, e.digest, 48) == 0, "%s", e.what);
        applied++;
        n += bytes_eq_str(e.text, "console=ttyS0 dstack.rootfs_hash=12ab initrd=initrd");
    }
    assert_true(i < 400 && applied > 30);
    assert_int_equal(n, 1); /* cleaning up white space changes nothing here */
    struct cmdline_edit last;
    assert_int_equal(cmdline_edit_at(a, BYTES_NONE, 10000, &last, &more, &err), RC_OK);
    assert_false(more);
}

static struct diff_register app[4];
static struct diff_event app_events[2];

static struct cause_side app_side(const uint8_t hash[static 32])
{
    app_events[0] = (struct diff_event){
        .known = true, .label = bytes_of_str("compose-hash"), .payload = bytes_of(hash, 32)};
    app[3].has_events = true;
    app[3].list = (struct diff_list){app_events, 1};
    return (struct cause_side){.reg = app};
}

static void compose(void **unused)
{
    (void)unused;
    struct bytes file = bytes_of_str("{\"runner\": \"docker-compose\", \"b\": true}\n");
    uint8_t hash[32];
    for (int known = 0; known < 2; known++) {
        struct causes c = {0};
        for (size_t i = 0; i < 32; i++)
            hash[i] = dice();
        if (known)
            hash_sha256(bytes_of_str("{\"b\":false,\"runner\":\"docker-compose\"}"), hash);
        struct cause_side s = app_side(hash);
        assert_int_equal(cause_compose(a, file, &s, &c, &err), RC_OK);
        assert_int_equal(c.n, 1);
        assert_string_equal(c.v[0].id, "compose");
        assert_int_equal(c.v[0].confidence, known ? CAUSE_PROVEN : CAUSE_NARROWED);
        assert_true(c.tried < 2000);
        if (known)
            assert_string_equal(c.v[0].matches_if,
                                "the file is with \"b\" false, written compactly with sorted keys");
    }
    /* A large file is given up on after a bounded number of bytes. */
    size_t n = 4u << 20;
    char *large = arena_alloc(a, n + 1, &err);
    memset(large, ' ', n);
    large[0] = '{';
    large[n - 1] = '}';
    struct causes c = {0};
    hash[0] ^= 1;
    struct cause_side s = app_side(hash);
    assert_int_equal(cause_compose(a, bytes_of(large, n), &s, &c, &err), RC_OK);
    assert_true(c.n == 1 && c.v[0].confidence == CAUSE_NARROWED);
}

/* Joined, sorted, and no more than there is room for. */
static void list(void **unused)
{
    (void)unused;
    struct causes c = {0};
    static char why[CAUSES_MAX + 3][8];
    causes_add(&c, (struct cause){.id = "x", .registers = 1, .event = "e", .why = "y"});
    causes_add(&c, (struct cause){.id = "x", .registers = 2, .event = "f", .why = "y"});
    assert_int_equal(c.n, 1);
    assert_int_equal(c.v[0].registers, 3);
    assert_null(c.v[0].event);
    causes_add(&c, (struct cause){.id = "p", .confidence = CAUSE_PROVEN, .order = 9, .why = "p"});
    causes_add(&c, (struct cause){.id = "q", .confidence = CAUSE_PROVEN, .order = 1, .why = "q"});
    causes_sort(&c);
    assert_string_equal(c.v[0].id, "q");
    assert_string_equal(c.v[2].id, "x");
    for (size_t i = 0; i < CAUSES_MAX + 3; i++) {
        snprintf(why[i], sizeof why[i], "%zu", i);
        causes_add(&c, (struct cause){.id = "z", .why = why[i]});
    }
    assert_int_equal(c.n, CAUSES_MAX);
    assert_int_equal(c.dropped, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layout_202505, fresh, done),
        cmocka_unit_test_setup_teardown(layout_202411, fresh, done),
        cmocka_unit_test_setup_teardown(nothing_differs, fresh, done),
        cmocka_unit_test_setup_teardown(never_guessed, fresh, done),
        cmocka_unit_test_setup_teardown(mrtd, fresh, done),
        cmocka_unit_test_setup_teardown(edits, fresh, done),
        cmocka_unit_test_setup_teardown(compose, fresh, done),
        cmocka_unit_test_setup_teardown(list, fresh, done),
    };
    return HARNESS_RUN("cause", tests);
}
