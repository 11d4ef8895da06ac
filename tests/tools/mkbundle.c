/*
 * mkbundle: complete evidence of the tests' own make: an invented image and app, booted forwards
 * (tests/lib/event_builder), quoted and certified by a test PKI (tests/lib/tdx_world), as a bundle.
 *
 *     mkbundle FOLDER UNIX-TIME [--tcb STATUS] [--defect NAME] [--app-id HEX]
 *         writes FOLDER/bundle.json, FOLDER/numbers.json and FOLDER/root.der
 *     mkbundle --defects
 *         lists NAME and the exit status of `check`
 *
 * Everything is valid at UNIX-TIME, ten days after the collateral was issued.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/limits.h"
#include "tests/lib/event_builder.h"
#include "tests/lib/tdx_world.h"

struct making {
    struct arena *a;
    uint64_t at;
    struct event_spec events;
    struct event_world guest;
    struct tdx_world world;
    json_t *evidence; /* once made */
    json_t *bundle;
    const char *tcb;
    bool processor_ca; /* the PCK CRL is of the other CA, rightly chained */
    json_t *numbers;   /* once made */
    const char *numbers_id, *numbers_key, *numbers_event;         /* event NULL: 100 days ago */
    int numbers_shift, numbers_step, numbers_from, numbers_until; /* the last two: days */
    const uint8_t *app_id; /* NULL: the one that follows from the compose hash */
};

/* A defect changes what is made, at one of three points; the others are NULL. */
struct defect {
    const char *name;
    const char *status; /* what `check` must end with */
    void (*spec)(struct making *m);
    void (*world)(struct making *m);
    void (*evidence)(struct making *m);
};

static char *date(struct making *m, int64_t days)
{
    struct err err = {0};
    time_t t = (time_t)((int64_t)m->at + days * 86400);
    struct tm tm;
    char *text = arena_alloc(m->a, 32, &err);
    pki_must(text != NULL && gmtime_r(&t, &tm) != NULL);
    pki_must(strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    return text;
}

/* --- changes before signing --- */

static void no_material(struct making *m)
{
    m->events.no_material = true;
}
static void quote_signature(struct making *m)
{
    m->world.quote.signature = SIG_FLIPPED;
}
static void quote_body(struct making *m)
{
    m->world.quote.flip_signed_at = 48 + 136; /* MRTD */
}
static void qe_signature(struct making *m)
{
    m->world.quote.qe_signature = SIG_FLIPPED;
}
static void attestation_key(struct making *m)
{
    m->world.quote.qe_report_data_given = true; /* all zero: binds no key */
}
static void pck_revoked(struct making *m)
{
    m->world.pck_crl.revoked[0] = m->world.pck.serial;
    m->world.pck_crl.num_revoked = 1;
}
static void pck_expired(struct making *m)
{
    m->world.pck.not_after = m->at - 1;
}
static void tcb_revoked(struct making *m)
{
    m->world.tcb_info.levels[0].status = "Revoked";
}
static void tcb_unsupported(struct making *m)
{
    for (size_t i = 0; i < m->world.tcb_info.num_levels; i++)
        m->world.tcb_info.levels[i].sgx[0] = 200;
}
static void tcb_info_signature(struct making *m)
{
    m->world.tcb_info_sig = SIG_FLIPPED;
}
static void tcb_info_by_pck(struct making *m)
{
    m->world.tcb_info_key = "pck";
}
static void qe_identity_signature(struct making *m)
{
    m->world.qe_identity_sig = SIG_FLIPPED;
}
static void tcb_info_expired(struct making *m)
{
    m->world.tcb_info.next_update = date(m, -1);
}
static void tcb_info_early(struct making *m)
{
    m->world.tcb_info.issue_date = date(m, 1);
}
static void crl_expired(struct making *m)
{
    m->world.pck_crl.next_update = m->at - 1;
}
static void tcb_info_fmspc(struct making *m)
{
    m->world.tcb_info.fmspc[0] ^= 1;
}
static void tcb_info_pceid(struct making *m)
{
    m->world.tcb_info.pce_id[0] ^= 1;
}
static void tcb_info_sgx(struct making *m)
{
    m->world.tcb_info.id = "SGX";
}
static void tcb_signer_revoked(struct making *m)
{
    m->world.root_crl.revoked[0] = m->world.tcb_signer.serial;
    m->world.root_crl.num_revoked = 1;
}
static void qe_identity_expired(struct making *m)
{
    m->world.qe_identity.next_update = date(m, -1);
}
static void qe_identity_early(struct making *m)
{
    m->world.qe_identity.issue_date = date(m, 1);
}
static void qe_identity_sgx(struct making *m)
{
    m->world.qe_identity.id = "QE";
}
static void crl_early(struct making *m)
{
    m->world.pck_crl.this_update = m->at + 86400;
}
static void crl_other_ca(struct making *m)
{
    m->world.pck_crl.issuer = "Intel SGX PCK Processor CA";
    m->world.pck_crl.issuer_key = "processor-ca";
    m->processor_ca = true;
}
static void root_crl_expired(struct making *m)
{
    m->world.root_crl.next_update = m->at - 1;
}
static void root_crl_early(struct making *m)
{
    m->world.root_crl.this_update = m->at + 86400;
}
/* The set that comes next: the platform falls short of it in one component. */
static void coming(struct making *m)
{
    struct comp_level_spec *top = &m->world.tcb_info.levels[0];
    m->world.tcb_info.evaluation_number++;
    m->world.qe_identity.evaluation_number++;
    m->world.tcb_info.issue_date = m->world.qe_identity.issue_date = date(m, -2);
    m->world.tcb_info.next_update = m->world.qe_identity.next_update = date(m, 28);
    memmove(top + 1, top, (SPEC_LEVELS - 1) * sizeof *top);
    if (m->world.tcb_info.num_levels < SPEC_LEVELS)
        m->world.tcb_info.num_levels++;
    top[0].sgx[0]++;
    top[0].date = date(m, -30);
    top[1].status = "OutOfDate";
}
/* TCB evaluation data numbers that are none of the coming set's. */
static void numbers_sgx(struct making *m)
{
    m->numbers_id = "SGX";
}
static void numbers_other(struct making *m)
{
    m->numbers_shift = 5;
}
static void numbers_twice(struct making *m)
{
    m->numbers_step = 0;
}
static void numbers_expired(struct making *m)
{
    m->numbers_until = -1;
}
static void numbers_early(struct making *m)
{
    m->numbers_from = 1;
}
static void numbers_by_pck(struct making *m)
{
    m->numbers_key = "pck";
}
static void numbers_due(struct making *m)
{
    m->numbers_event = "2020-02-29T00:00:00Z";
}
static void root_crl_signature(struct making *m)
{
    m->world.root_crl.issuer_key = "other-root";
}
static void td_debug(struct making *m)
{
    m->world.quote.td.td_attributes[0] = 1;
}
static void sept_ve(struct making *m)
{
    m->world.quote.td.td_attributes[3] = 0;
}
static void service_td(struct making *m)
{
    m->world.quote.version = 5;
    m->world.quote.body_type = 3;
    memset(m->world.quote.td.mr_service_td, 0x77, sizeof m->world.quote.td.mr_service_td);
}
static void sgx_quote(struct making *m)
{
    m->world.quote.tee_type = 0;
}
static void register1(struct making *m)
{
    m->world.quote.td.rtmr[1][47] ^= 1;
}
static void mrtd(struct making *m)
{
    m->world.quote.td.mr_td[47] ^= 1;
}

/* --- changes of the finished evidence, by whoever carries it --- */

static json_t *log_of(struct making *m)
{
    json_t *text = json_object_get(m->evidence, "event_log");
    json_t *log = json_loads(json_string_value(text), 0, NULL);
    pki_must(json_is_array(log));
    return log;
}

static void log_back(struct making *m, json_t *log)
{
    char *text = json_dumps(log, JSON_COMPACT);
    pki_must(text && json_object_set_new(m->evidence, "event_log", json_string(text)) == 0);
    free(text);
    json_decref(log);
}

static size_t find_event(json_t *log, const char *name)
{
    size_t i;
    json_t *event;
    json_array_foreach(log, i, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "event")), name) == 0)
            return i;
    }
    pki_must(false && "the event is in the log");
    return 0;
}

static void event_compose(struct making *m)
{
    json_t *log = log_of(m), *event = json_array_get(log, find_event(log, "compose-hash"));
    char other[65];
    memset(other, 'a', 64);
    other[64] = '\0';
    pki_must(json_object_set_new(event, "event_payload", json_string(other)) == 0);
    log_back(m, log);
}

static void event_firmware(struct making *m)
{
    json_t *log = log_of(m), *event = json_array_get(log, 0);
    char other[97];
    memset(other, 'b', 96);
    other[96] = '\0';
    pki_must(json_object_set_new(event, "digest", json_string(other)) == 0);
    log_back(m, log);
}

static void event_dropped(struct making *m)
{
    json_t *log = log_of(m);
    pki_must(json_array_remove(log, find_event(log, "instance-id")) == 0);
    log_back(m, log);
}

static void event_twice(struct making *m)
{
    json_t *log = log_of(m);
    size_t i = find_event(log, "app-id");
    json_t *copy = json_deep_copy(json_array_get(log, i));
    pki_must(json_array_insert_new(log, i + 1, copy) == 0);
    log_back(m, log);
}

static void event_behind(struct making *m)
{
    json_t *log = log_of(m);
    json_t *copy = json_deep_copy(json_array_get(log, json_array_size(log) - 1));
    pki_must(json_array_append_new(log, copy) == 0);
    log_back(m, log);
}

static void image_hash(struct making *m)
{
    json_t *vm = json_loads(json_string_value(json_object_get(m->evidence, "vm_config")), 0, NULL);
    char other[65];
    memset(other, 'c', 64);
    other[64] = '\0';
    pki_must(vm && json_object_set_new(vm, "os_image_hash", json_string(other)) == 0);
    char *text = json_dumps(vm, JSON_COMPACT);
    pki_must(text && json_object_set_new(m->evidence, "vm_config", json_string(text)) == 0);
    free(text);
    json_decref(vm);
}

static void app_compose(struct making *m)
{
    pki_must(json_object_set_new(m->evidence, "app_compose", json_string("{}")) == 0);
}
static void no_event_log(struct making *m)
{
    pki_must(json_object_del(m->evidence, "event_log") == 0);
}
static void no_vm_config(struct making *m)
{
    pki_must(json_object_del(m->evidence, "vm_config") == 0);
}
static void no_quote(struct making *m)
{
    pki_must(json_object_del(m->evidence, "quote") == 0);
}
static void no_collateral(struct making *m)
{
    pki_must(json_object_del(m->bundle, "collateral") == 0);
}
static void report_data(struct making *m)
{
    char other[129];
    memset(other, 'd', 128);
    other[128] = '\0';
    pki_must(json_object_set_new(m->evidence, "report_data", json_string(other)) == 0);
}

static const struct defect defects[] = {
    {.name = "no-material", .status = "4", .spec = no_material},
    {.name = "quote-signature", .status = "4", .world = quote_signature},
    {.name = "quote-body", .status = "4", .world = quote_body},
    {.name = "qe-signature", .status = "4", .world = qe_signature},
    {.name = "attestation-key", .status = "4", .world = attestation_key},
    {.name = "pck-revoked", .status = "1", .world = pck_revoked},
    {.name = "pck-expired", .status = "4", .world = pck_expired},
    {.name = "tcb-revoked", .status = "1", .world = tcb_revoked},
    {.name = "tcb-unsupported", .status = "1", .world = tcb_unsupported},
    {.name = "tcb-info-signature", .status = "3", .world = tcb_info_signature},
    {.name = "tcb-info-by-pck", .status = "3", .world = tcb_info_by_pck},
    {.name = "qe-identity-signature", .status = "3", .world = qe_identity_signature},
    {.name = "tcb-info-expired", .status = "3", .world = tcb_info_expired},
    {.name = "tcb-info-early", .status = "5", .world = tcb_info_early},
    {.name = "crl-expired", .status = "3", .world = crl_expired},
    {.name = "tcb-info-fmspc", .status = "3", .world = tcb_info_fmspc},
    {.name = "tcb-info-pceid", .status = "3", .world = tcb_info_pceid},
    {.name = "tcb-info-sgx", .status = "3", .world = tcb_info_sgx},
    {.name = "tcb-signer-revoked", .status = "3", .world = tcb_signer_revoked},
    {.name = "qe-identity-expired", .status = "3", .world = qe_identity_expired},
    {.name = "qe-identity-early", .status = "5", .world = qe_identity_early},
    {.name = "qe-identity-sgx", .status = "3", .world = qe_identity_sgx},
    {.name = "crl-early", .status = "5", .world = crl_early},
    {.name = "crl-other-ca", .status = "3", .world = crl_other_ca},
    {.name = "root-crl-expired", .status = "3", .world = root_crl_expired},
    {.name = "root-crl-early", .status = "5", .world = root_crl_early},
    {.name = "coming", .world = coming} /* no defect */,
    {.name = "numbers-sgx", .world = numbers_sgx},
    {.name = "numbers-other", .world = numbers_other},
    {.name = "numbers-twice", .world = numbers_twice},
    {.name = "numbers-expired", .world = numbers_expired},
    {.name = "numbers-early", .world = numbers_early},
    {.name = "numbers-by-pck", .world = numbers_by_pck},
    {.name = "numbers-due", .world = numbers_due},
    {.name = "root-crl-signature", .status = "3", .world = root_crl_signature},
    {.name = "td-debug", .status = "1", .world = td_debug},
    {.name = "sept-ve", .status = "1", .world = sept_ve},
    {.name = "service-td", .status = "1", .world = service_td},
    {.name = "sgx-quote", .status = "1", .world = sgx_quote},
    {.name = "register1", .status = "4", .world = register1},
    {.name = "mrtd", .status = "4", .world = mrtd},
    {.name = "event-compose", .status = "4", .evidence = event_compose},
    {.name = "event-firmware", .status = "4", .evidence = event_firmware},
    {.name = "event-dropped", .status = "4", .evidence = event_dropped},
    {.name = "event-twice", .status = "4", .evidence = event_twice},
    {.name = "event-behind", .status = "4", .evidence = event_behind},
    {.name = "image-hash", .status = "4", .evidence = image_hash},
    {.name = "app-compose", .status = "4", .evidence = app_compose},
    {.name = "no-event-log", .status = "4", .evidence = no_event_log},
    {.name = "no-vm-config", .status = "4", .evidence = no_vm_config},
    {.name = "no-quote", .status = "4", .evidence = no_quote},
    {.name = "no-collateral", .status = "3", .evidence = no_collateral},
    {.name = "report-data", .status = "4", .evidence = report_data},
};
#define NUM_DEFECTS (sizeof defects / sizeof *defects)

static void set(json_t *obj, const char *key, json_t *value)
{
    pki_must(value && json_object_set_new(obj, key, value) == 0);
}

static void set_hex(struct making *m, const char *key, struct bytes b)
{
    struct err err = {0};
    char *text = hex_str(m->a, b, &err);
    set(m->evidence, key, json_string(text ? text : ""));
}

/* The guest's registers into the quote, and dates around m->at. */
static void fill_world(struct making *m)
{
    struct tdx_world *w = &m->world;
    tdx_world_default(w);
    w->now = m->at;
    w->tcb_info.issue_date = w->qe_identity.issue_date = date(m, -10);
    w->tcb_info.next_update = w->qe_identity.next_update = date(m, 20);
    w->pck_crl.this_update = w->root_crl.this_update = m->at - 10 * 86400;
    w->pck_crl.next_update = m->at + 20 * 86400;
    if (m->tcb)
        w->tcb_info.levels[0].status = m->tcb;
    memcpy(w->quote.td.mr_td, m->guest.mrtd, 48);
    memcpy(w->quote.td.mr_config_id, m->guest.mr_config_id, 48);
    memcpy(w->quote.td.rtmr, m->guest.rtmr, sizeof m->guest.rtmr);
}

/* make_numbers: of the set in force and of the coming one; a service has them, no bundle. */
static void make_numbers(struct making *m, struct bytes chain)
{
    struct err err = {0};
    uint8_t signature[64];
    int standard = m->world.tcb_info.evaluation_number + m->numbers_shift;
    char *text = arena_printf(
        m->a, &err,
        "{\"id\":\"%s\",\"version\":1,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
        "\"tcbEvalNumbers\":[{\"tcbEvaluationDataNumber\":%d,\"tcbRecoveryEventDate\":\"%s\","
        "\"tcbDate\":\"%s\"},{\"tcbEvaluationDataNumber\":%d,\"tcbRecoveryEventDate\":"
        "\"2024-03-12T00:00:00Z\",\"tcbDate\":\"2024-03-13T00:00:00Z\"}]}",
        m->numbers_id, date(m, m->numbers_from), date(m, m->numbers_until),
        standard + m->numbers_step, m->numbers_event ? m->numbers_event : date(m, -100),
        date(m, -99), standard);
    pki_must(text != NULL);
    made_sign(m->numbers_key, bytes_of_str(text), SIG_GOOD, signature);
    char *hex = hex_str(m->a, BYTES_OF_ARRAY(signature), &err);
    pki_must(hex != NULL);
    m->numbers = json_object();
    pki_must(m->numbers != NULL);
    set(m->numbers, "tcb_numbers", json_string(text));
    set(m->numbers, "tcb_numbers_signature", json_string(hex));
    set(m->numbers, "tcb_numbers_issuer_chain", json_stringn((const char *)chain.p, chain.n));
}

static void make(struct making *m, const struct defect *defect, struct bytes *out_root)
{
    /* Looks like an app: scripts before it, events of its own behind system-ready that imitate
     * dstack's: these must not count. */
    m->events = (struct event_spec){
        .init_scripts = 2, .app_events = 4, .mr_config = 1, .app_id = m->app_id};
    if (defect && defect->spec)
        defect->spec(m);
    event_world_build(m->a, &m->events, &m->guest);
    fill_world(m);
    if (defect && defect->world)
        defect->world(m);
    struct tdx_bundle made;
    if (m->processor_ca) {
        struct pki_cert ca = m->world.pck_ca;
        ca.subject = "Intel SGX PCK Processor CA";
        ca.key = "processor-ca";
        m->world.crl_chain_pem =
            tdx_chain(m->a, pki_cert_der(m->a, &ca), pki_cert_der(m->a, &m->world.root), BYTES_NONE,
                      BYTES_NONE);
    }
    tdx_world_build(m->a, &m->world, &made);

    m->evidence = json_object();
    m->bundle = json_object();
    pki_must(m->evidence && m->bundle);
    set_hex(m, "quote", made.quote);
    set(m->evidence, "event_log", json_string(m->guest.event_log));
    set(m->evidence, "vm_config", json_string(m->guest.vm_config));
    set(m->evidence, "app_compose", json_string(m->guest.app_compose));
    set_hex(m, "report_data", BYTES_OF_ARRAY(m->world.quote.td.report_data));
    set(m->bundle, "schema", json_integer(1));
    set(m->bundle, "evidence", m->evidence);
    set(m->bundle, "collateral", tdx_collateral_json(m->a, &made.collateral));
    make_numbers(m, made.collateral.tcb_info_issuer_chain);
    if (defect && defect->evidence)
        defect->evidence(m);
    *out_root = made.root;
}

static void write_file(struct making *m, const char *folder, const char *name, struct bytes b)
{
    struct err err = {0};
    char *path = arena_printf(m->a, &err, "%s/%s", folder, name);
    FILE *f = path ? fopen(path, "wb") : NULL;
    if (!f || fwrite(b.p, 1, b.n, f) != b.n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

/* write_json takes j over. */
static void write_json(struct making *m, const char *folder, const char *name, json_t *j)
{
    char *text = json_dumps(j, JSON_INDENT(1));
    pki_must(text != NULL);
    write_file(m, folder, name, bytes_of_str(text));
    free(text);
    json_decref(j);
}

static const struct defect *defect_named(const char *name)
{
    for (size_t i = 0; i < NUM_DEFECTS; i++) {
        if (strcmp(defects[i].name, name) == 0)
            return &defects[i];
    }
    fprintf(stderr, "mkbundle: no defect %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--defects") == 0) {
        for (size_t i = 0; i < NUM_DEFECTS; i++)
            if (defects[i].status)
                printf("%s %s\n", defects[i].name, defects[i].status);
        return 0;
    }
    struct making m = {.a = arena_new(LIMIT_ARENA),
                       .numbers_id = "TDX",
                       .numbers_key = "tcb-signer",
                       .numbers_step = 1,
                       .numbers_from = -3,
                       .numbers_until = 27};
    const struct defect *defect = NULL;
    static uint8_t app_id[20];
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--tcb") == 0)
            m.tcb = argv[i + 1];
        else if (strcmp(argv[i], "--defect") == 0)
            defect = defect_named(argv[i + 1]);
        else if (strcmp(argv[i], "--app-id") == 0 &&
                 hex_decode(bytes_of_str(argv[i + 1]), app_id, sizeof app_id))
            m.app_id = app_id;
        else
            argc = 0;
    }
    if (argc < 3 || argc % 2 == 0 || !m.a) {
        fprintf(stderr,
                "usage: mkbundle FOLDER UNIX-TIME [--tcb STATUS] [--defect NAME] [--app-id HEX]\n"
                "       mkbundle --defects\n");
        return 2;
    }
    m.at = strtoull(argv[2], NULL, 10);
    struct bytes root;
    make(&m, defect, &root);
    write_json(&m, argv[1], "bundle.json", m.bundle);
    write_json(&m, argv[1], "numbers.json", m.numbers);
    write_file(&m, argv[1], "root.der", root);
    arena_free(m.a);
    return 0;
}
