/* verify: what looks odd and is in order, the pinned root, the window of validity. */
#include "tests/lib/harness.h"
#include "tests/lib/tdx_codes.h"

/* The pinned root itself: unreadable, no authority, or of a name that names nothing. */
static void a_root_has_to_be_one(void **state)
{
    (void)state;
    struct made m;
    struct td_report td;
    struct err err = {0};
    made_open(&m);
    struct tdx_bundle b = m.good;
    b.root = cut(b.root, 1);
    assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_ROOT_FORMAT);
    err_clear(&err);
    b.root = m.good.pck;
    assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_ROOT_UNUSABLE);
    err_clear(&err);
    b.root = m.good.pck_ca;
    assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_ROOT_NAME);
    err_clear(&err);
    b.root = quote_intel_root(); /* ours is not Intel's */
    assert_int_equal(verify_bundle(m.a, &b, m.w.now, &td, &err), BG_PCK_CHAIN_ROOT);
    made_close(&m);
}

static void ok_v4(struct made *m)
{
    (void)m;
}

static void ok_v5_body_2(struct made *m)
{
    v5(&m->w, 2);
}

static void ok_v5_body_3(struct made *m)
{
    v5(&m->w, 3);
}

static void ok_trailing_bytes(struct made *m)
{
    m->w.quote.trailing = text("anything \x01\x02\x03");
}

static void ok_no_auth_data(struct made *m)
{
    m->w.quote.qe_auth_data = BYTES_NONE;
}

static void ok_auth_data_64(struct made *m)
{
    m->w.quote.qe_auth_data = bytes_of(m->good.root.p, 64);
}

static void ok_others_revoked(struct made *m)
{
    revoke(&m->w.pck_crl, m->w.pck.serial + 1);
    revoke(&m->w.pck_crl, m->w.pck_ca.serial); /* that is the root CRL's business */
}

static void ok_processor_ca(struct made *m)
{
    m->w.pck_ca.subject = m->w.pck.issuer = m->w.pck_crl.issuer = "Intel SGX PCK Processor CA";
    m->w.sgx.sgx_type = 0;
}

static void ok_last_second(struct made *m)
{
    m->w.pck.not_after = m->w.root_crl.next_update = m->w.pck_crl.next_update = m->w.now;
    m->w.tcb_signer.not_after = m->w.pck_ca.not_after = m->w.now;
}

static void ok_first_second(struct made *m)
{
    m->w.pck.not_before = m->w.root_crl.this_update = m->w.pck_crl.this_update = m->w.now;
}

static void ok_reissued_ca(struct made *m) /* same name and key, another certificate */
{
    struct pki_cert c = m->w.pck_ca;
    c.serial = 99;
    m->w.crl_chain_pem = below_root(m, c);
}

static void ok_two_signers(struct made *m)
{
    struct pki_cert c = m->w.tcb_signer;
    c.key = m->w.qe_identity_key = "second-signer";
    c.serial = 98;
    m->w.qe_identity_chain_pem = below_root(m, c);
}

static void odd_but_good_ones_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(struct made *m);
    } rows[] = {
        {"v4", ok_v4},
        {"v5 body 2", ok_v5_body_2},
        {"v5 body 3", ok_v5_body_3},
        {"trailing bytes", ok_trailing_bytes},
        {"no auth data", ok_no_auth_data},
        {"64 bytes of auth data", ok_auth_data_64},
        {"others revoked", ok_others_revoked},
        {"processor CA", ok_processor_ca},
        {"last second", ok_last_second},
        {"first second", ok_first_second},
        {"CA issued again", ok_reissued_ca},
        {"two signers", ok_two_signers},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        struct tdx_bundle b;
        struct td_report td = {0};
        struct err err = {0};
        made_open(&m);
        rows[i].make(&m);
        tdx_world_build(m.a, &m.w, &b);
        enum rc rc = verify_bundle(m.a, &b, m.w.now, &td, &err);
        CASE(rows[i].name, rc == RC_OK, "BG-%04d %s", rc, err.detail);
        CASE(rows[i].name, td.quote_version == m.w.quote.version, "version %u", td.quote_version);
        CASE(rows[i].name, memcmp(td.td.mr_td, m.w.quote.td.mr_td, 48) == 0, "MRTD");
        CASE(rows[i].name, td.trailing == m.w.quote.trailing.n, "%zu trailing", td.trailing);
        CASE(rows[i].name, memcmp(td.pck.ppid, m.w.sgx.ppid, 16) == 0, "PPID");
        CASE(rows[i].name, td.valid_from <= m.w.now && m.w.now <= td.valid_until, "window");
        made_close(&m);
    }
}

static void the_window_is_the_intersection_and_names_its_ends(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t offset; /* of the date in the world */
        bool end;
    } rows[] = {
        {"PCK certificate", offsetof(struct tdx_world, pck.not_after), true},
        {"PCK certificate", offsetof(struct tdx_world, pck.not_before), false},
        {"PCK CA certificate", offsetof(struct tdx_world, pck_ca.not_after), true},
        {"root certificate", offsetof(struct tdx_world, root.not_after), true},
        {"TCB info signing certificate", offsetof(struct tdx_world, tcb_signer.not_after), true},
        {"root CRL", offsetof(struct tdx_world, root_crl.next_update), true},
        {"root CRL", offsetof(struct tdx_world, root_crl.this_update), false},
        {"PCK CRL", offsetof(struct tdx_world, pck_crl.next_update), true},
        {"PCK CRL", offsetof(struct tdx_world, pck_crl.this_update), false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct made m;
        struct tdx_bundle b;
        struct td_report td = {0};
        struct err err = {0};
        made_open(&m);
        m.w.root_der = BYTES_NONE;
        uint64_t date = rows[i].end ? m.w.now + 5 : m.w.now - 5;
        memcpy((uint8_t *)&m.w + rows[i].offset, &date, sizeof date);
        tdx_world_build(m.a, &m.w, &b);
        enum rc rc = verify_bundle(m.a, &b, m.w.now, &td, &err);
        const char *what = rows[i].end ? td.valid_until_what : td.valid_from_what;
        CASE(rows[i].what, rc == RC_OK, "BG-%04d %s", rc, err.detail);
        CASE(rows[i].what, (rows[i].end ? td.valid_until : td.valid_from) == date, "other date");
        CASE(rows[i].what, what && strcmp(what, rows[i].what) == 0, "named %s", what);
        made_close(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_but_good_ones_are_accepted),
        cmocka_unit_test(a_root_has_to_be_one),
        cmocka_unit_test(the_window_is_the_intersection_and_names_its_ends),
    };
    return HARNESS_RUN("verify", tests);
}
