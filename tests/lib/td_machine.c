#define _GNU_SOURCE
#include "tests/lib/td_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/hex.h"

#define LOG "guest/run/log/dstack/runtime_events.log"

const char td_machine_faults[] =
    "  none             all is well\n"
    "  errno:N          a quote is refused with that errno\n"
    "  hang             no quote ever comes\n"
    "  empty            a quote of no bytes\n"
    "  truncated        half a quote\n"
    "  large            64 KiB more behind the quote\n"
    "  flipped          the quote's signature is wrong\n"
    "  old-nonce        the report data of the quote before\n"
    "  other-td         the quote of another TD\n"
    "  moved            an event is logged and RTMR3 extended after the quote\n"
    "  differs:MEMBER   the TDREPORT has another value there (mr_td, rtmr0, tee_tcb_svn ..)\n"
    "  report-type      the TDREPORT is of another type\n"
    "  report-hash      a hash inside the TDREPORT is wrong\n"
    "  report-short     the TDREPORT is cut\n"
    "  qgs-error:N      the service answers with that error\n"
    "  qgs-large        its answer announces two megabytes\n"
    "  qgs-cut          its answer ends early\n"
    "  qgs-type         its answer is of another type\n"
    "of the registers in sysfs (tests/tsm/rtmr_fuse):\n"
    "  extend:N         extending is refused with that errno\n"
    "  extend-twice     somebody else's extend comes with it\n"
    "  extend-held      the answer to the last of that many does not come\n"
    "of configfs-tsm (tests/tsm/tsm_fuse):\n"
    "  mkdir:N          a folder is refused with that errno\n"
    "  rmdir:N          it cannot be removed\n"
    "  provider:NAME    another provider\n"
    "  generation:TEXT  what `generation` reads as\n"
    "  jump             writing counts two generations\n"
    "  lost             writing counts none\n"
    "  after            a generation more after the quote was read\n"
    "  write:N          the report data is refused with that errno\n"
    "  short            half of the report data is taken\n";

/* --- the file --- */

static void path_in(char out[static 512], const struct td_machine *m, const char *name)
{
    pki_must(snprintf(out, 512, "%s/%s", m->dir, name) < 512);
}

static void get_hex(const json_t *o, const char *key, uint8_t *out, size_t n)
{
    pki_must(json_hex(o, key, false, out, n));
}

static void set_hex(json_t *o, const char *key, const uint8_t *p, size_t n)
{
    char text[2 * 64 + 1];
    pki_must(n <= 64);
    hex_encode(bytes_of(p, n), text);
    pki_must(json_object_set_new(o, key, json_string(text)) == 0);
}

static void get_text(const json_t *o, const char *key, char *out, size_t n)
{
    const char *text = json_string_value(json_object_get(o, key));
    pki_must(text && strlen(text) < n);
    memcpy(out, text, strlen(text) + 1);
}

static const char *rtmr_name(unsigned i)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    return names[i];
}

void td_machine_new(struct td_machine *m, const char *dir)
{
    char path[512];
    *m = (struct td_machine){.quote_version = 4, .tcb = "UpToDate", .times = -1};
    pki_must(snprintf(m->dir, sizeof m->dir, "%s", dir) < (int)sizeof m->dir);
    path_in(path, m, "machine.lock");
    m->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    pki_must(m->lock >= 0 && flock(m->lock, LOCK_EX) == 0);
}

void td_machine_open(struct td_machine *m, const char *dir)
{
    char path[512];
    td_machine_new(m, dir);
    path_in(path, m, "machine.json");
    json_t *o = json_load_file(path, 0, NULL);
    pki_must(o != NULL);
    m->at = (uint64_t)json_integer_value(json_object_get(o, "at"));
    m->times = json_integer_value(json_object_get(o, "times"));
    m->quote_version = (unsigned)json_integer_value(json_object_get(o, "quote_version"));
    get_text(o, "tcb", m->tcb, sizeof m->tcb);
    get_text(o, "fault", m->fault, sizeof m->fault);
    get_hex(o, "mr_td", m->mr_td, 48);
    get_hex(o, "mr_config_id", m->mr_config_id, 48);
    get_hex(o, "last_report_data", m->last_report_data, 64);
    for (unsigned i = 0; i < 4; i++)
        get_hex(o, rtmr_name(i), m->rtmr[i], 48);
    json_decref(o);
}

void td_machine_close(struct td_machine *m)
{
    char path[512], fresh[512];
    json_t *o =
        json_pack("{s:I,s:I,s:i,s:s,s:s}", "at", (json_int_t)m->at, "times", (json_int_t)m->times,
                  "quote_version", (int)m->quote_version, "tcb", m->tcb, "fault", m->fault);
    pki_must(o != NULL);
    set_hex(o, "mr_td", m->mr_td, 48);
    set_hex(o, "mr_config_id", m->mr_config_id, 48);
    set_hex(o, "last_report_data", m->last_report_data, 64);
    for (unsigned i = 0; i < 4; i++)
        set_hex(o, rtmr_name(i), m->rtmr[i], 48);
    path_in(path, m, "machine.json");
    path_in(fresh, m, "machine.json.new");
    pki_must(json_dump_file(o, fresh, JSON_INDENT(1)) == 0 && rename(fresh, path) == 0);
    json_decref(o);
    close(m->lock);
}

/* --- registers --- */

void td_machine_extend(struct td_machine *m, unsigned rtmr, const uint8_t digest[static 48])
{
    uint8_t out[48];
    HASH_PARTS(hash_sha384_parts, out, bytes_of(m->rtmr[rtmr], 48), bytes_of(digest, 48));
    memcpy(m->rtmr[rtmr], out, 48);
}

void td_machine_event(struct td_machine *m, const char *name, struct bytes payload)
{
    static const uint8_t type[] = {1, 0, 0, 8, ':'}; /* 0x08000001, little-endian */
    char path[512], text[128];
    uint8_t digest[48];
    pki_must(payload.n <= 64);
    EVP_EncodeBlock((unsigned char *)text, payload.p, (int)payload.n);
    path_in(path, m, LOG);
    FILE *f = fopen(path, "a");
    pki_must(f && fprintf(f, "{\"event\":\"%s\",\"payload\":\"%s\"}\n", name, text) > 0 &&
             fclose(f) == 0);
    HASH_PARTS(hash_sha384_parts, digest, BYTES_OF_ARRAY(type), bytes_of_str(name),
               bytes_of_str(":"), payload);
    td_machine_extend(m, 3, digest);
}

/* --- faults --- */

bool td_machine_happens(struct td_machine *m, const char *fault, const char **arg)
{
    size_t n = strlen(fault);
    bool prefix = n && fault[n - 1] == ':';
    if (m->times == 0 || (prefix ? strncmp(m->fault, fault, n) != 0 : strcmp(m->fault, fault) != 0))
        return false;
    if (m->times > 0)
        m->times--;
    if (arg)
        *arg = m->fault + n;
    return true;
}

/* --- quote --- */

static const char *date(struct arena *a, uint64_t at, int64_t days)
{
    struct err err = {0};
    time_t t = (time_t)((int64_t)at + days * 86400);
    struct tm tm;
    char *text = arena_alloc(a, 32, &err);
    pki_must(text && gmtime_r(&t, &tm) && strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    return text;
}

void td_machine_world(struct arena *a, const struct td_machine *m, struct tdx_world *w)
{
    tdx_world_default(w);
    w->now = m->at;
    w->tcb_info.issue_date = w->qe_identity.issue_date = date(a, m->at, -10);
    w->tcb_info.next_update = w->qe_identity.next_update = date(a, m->at, 20);
    w->pck_crl.this_update = w->root_crl.this_update = m->at - 10 * 86400;
    w->pck_crl.next_update = w->root_crl.next_update = m->at + 20 * 86400;
    w->tcb_info.levels[0].status = m->tcb;
    w->quote.version = (uint16_t)m->quote_version;
    w->quote.body_type = m->quote_version == 5 ? 3 : 2;
    memcpy(w->quote.td.mr_td, m->mr_td, 48);
    memcpy(w->quote.td.mr_config_id, m->mr_config_id, 48);
    memcpy(w->quote.td.rtmr, m->rtmr, sizeof m->rtmr);
}

static struct bytes longer(struct arena *a, struct bytes b, size_t n)
{
    struct err err = {0};
    uint8_t *p = arena_alloc(a, b.n + n, &err);
    pki_must(p != NULL);
    memcpy(p, b.p, b.n);
    return bytes_of(p, b.n + n);
}

static struct bytes make_quote(struct arena *a, struct td_machine *m, struct tdx_world *w)
{
    struct tdx_bundle made;
    if (td_machine_happens(m, "flipped", NULL))
        w->quote.signature = SIG_FLIPPED;
    if (td_machine_happens(m, "other-td", NULL)) {
        memset(w->quote.td.mr_td, 0x66, 48);
        memset(w->quote.td.rtmr, 0x67, sizeof w->quote.td.rtmr);
    }
    tdx_world_build(a, w, &made);
    if (td_machine_happens(m, "truncated", NULL))
        made.quote.n /= 2;
    if (td_machine_happens(m, "empty", NULL))
        made.quote.n = 0;
    if (td_machine_happens(m, "large", NULL))
        made.quote = longer(a, made.quote, 65536);
    return made.quote;
}

int td_machine_quote(struct arena *a, struct td_machine *m, const uint8_t report_data[static 64],
                     struct bytes *out)
{
    struct tdx_world w;
    const char *arg = NULL;
    *out = BYTES_NONE;
    if (td_machine_happens(m, "errno:", &arg))
        return atoi(arg);
    if (td_machine_happens(m, "hang", NULL))
        return -1;
    td_machine_world(a, m, &w);
    memcpy(w.quote.td.report_data,
           td_machine_happens(m, "old-nonce", NULL) ? m->last_report_data : report_data, 64);
    memcpy(m->last_report_data, report_data, 64);
    *out = make_quote(a, m, &w);
    if (td_machine_happens(m, "moved", NULL))
        td_machine_event(m, "moved", bytes_of(report_data, 8));
    return 0;
}

/* --- TDREPORT: TDX Module ABI, TDREPORT_STRUCT --- */

struct place {
    const char *name;
    uint16_t at, size, in; /* in the report; in struct td_body */
};
#define AT(m, offset)                                                                              \
    {                                                                                              \
#m, (offset), sizeof((struct td_body *)0)->m, offsetof(struct td_body, m)                  \
    }
static const struct place places[] = {
    AT(report_data, 128),
    AT(tee_tcb_svn, 264),
    AT(mr_seam, 280),
    AT(mr_signer_seam, 328),
    AT(seam_attributes, 376),
    AT(tee_tcb_svn2, 384),
    AT(td_attributes, 512),
    AT(xfam, 520),
    AT(mr_td, 528),
    AT(mr_config_id, 576),
    AT(mr_owner, 624),
    AT(mr_owner_config, 672),
    {"rtmr0", 720, 48, offsetof(struct td_body, rtmr)},
    {"rtmr1", 768, 48, offsetof(struct td_body, rtmr) + 48},
    {"rtmr2", 816, 48, offsetof(struct td_body, rtmr) + 96},
    {"rtmr3", 864, 48, offsetof(struct td_body, rtmr) + 144},
    AT(mr_service_td, 912),
};
#define PLACES (sizeof places / sizeof *places)

/* spoil: another value in one member. */
static void spoil(const char *member, uint8_t out[static TD_REPORT_SIZE])
{
    for (size_t i = 0; i < PLACES; i++)
        if (strcmp(places[i].name, member) == 0) {
            out[places[i].at + places[i].size - 1u] ^= 1;
            out[2] = strcmp(member, "mr_service_td") == 0; /* version 1 has one */
            return;
        }
    pki_must(false && "a member of the TDREPORT");
}

size_t td_machine_report(struct td_machine *m, const uint8_t report_data[static 64],
                         uint8_t out[static TD_REPORT_SIZE])
{
    struct tdx_world w;
    const char *arg = NULL;
    AUTO_ARENA a = arena_new(8u << 20);
    pki_must(a != NULL);
    td_machine_world(a, m, &w);
    memcpy(w.quote.td.report_data, report_data, 64);
    memset(out, 0, TD_REPORT_SIZE);
    out[0] = 0x81;
    memset(out + 16, 3, 8); /* CPUSVN */
    for (size_t i = 0; i < PLACES; i++)
        memcpy(out + places[i].at, (const uint8_t *)&w.quote.td + places[i].in, places[i].size);
    if (td_machine_happens(m, "differs:", &arg))
        spoil(arg, out);
    hash_sha384(bytes_of(out + 256, 239), out + 32);
    hash_sha384(bytes_of(out + 512, 512), out + 80);
    hash_sha256(bytes_of(out, 224), out + 224); /* stands for the MAC */
    if (td_machine_happens(m, "report-hash", NULL))
        out[80] ^= 1;
    if (td_machine_happens(m, "report-type", NULL))
        out[0] = 0;
    return td_machine_happens(m, "report-short", NULL) ? 512 : TD_REPORT_SIZE;
}

/* --- quote generation service: Intel DCAP's qgs_msg_lib --- */

struct frame {
    uint8_t *p;
    size_t n, cap;
};

static void put(struct frame *f, const void *p, size_t n)
{
    pki_must(f->n + n <= f->cap);
    memcpy(f->p + f->n, p, n);
    f->n += n;
}

static void put_le(struct frame *f, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++, v >>= 8)
        put(f, &(uint8_t){(uint8_t)v}, 1);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* end_frame fills in both lengths: the prefix is big-endian, the header's is not. */
static struct bytes end_frame(struct td_machine *m, struct frame *f)
{
    uint32_t n = (uint32_t)f->n - 4, say = td_machine_happens(m, "qgs-large", NULL) ? 2u << 20 : n;
    for (unsigned i = 0; i < 4; i++) {
        f->p[i] = (uint8_t)(say >> (8 * (3 - i)));
        f->p[12 + i] = (uint8_t)(n >> (8 * i));
    }
    if (td_machine_happens(m, "qgs-cut", NULL))
        f->n -= 100;
    return bytes_of(f->p, f->n);
}

static void begin_frame(struct td_machine *m, struct frame *f, uint32_t type)
{
    const char *arg = "0";
    (void)td_machine_happens(m, "qgs-error:", &arg);
    put_le(f, 0, 4);
    put_le(f, 1, 2);
    put_le(f, 1, 2);
    put_le(f, td_machine_happens(m, "qgs-type", NULL) ? 5 : type, 4);
    put_le(f, 0, 4);
    put_le(f, strtoul(arg, NULL, 0), 4);
}

/* The service quotes what the TDREPORT says. */
static int quote_of(struct arena *a, struct td_machine *m, const uint8_t *report, struct bytes *out)
{
    struct td_machine said = *m;
    int rc;
    memcpy(said.mr_td, report + 528, 48);
    memcpy(said.mr_config_id, report + 576, 48);
    memcpy(said.rtmr, report + 720, sizeof said.rtmr);
    rc = td_machine_quote(a, &said, report + 128, out);
    memcpy(m->last_report_data, said.last_report_data, 64);
    if (strcmp(m->fault, "moved") == 0)
        memcpy(m->rtmr, said.rtmr, sizeof m->rtmr);
    m->times = said.times;
    return rc;
}

/* {"<name>":document,"signature":"hex"}, a NUL behind it. */
static struct bytes document(struct arena *a, const char *name, struct bytes text, struct bytes sig)
{
    struct err err = {0};
    char *hex = hex_str(a, sig, &err);
    char *whole = arena_printf(a, &err, "{\"%s\":%.*s,\"signature\":\"%s\"}", name, (int)text.n,
                               (const char *)text.p, hex);
    pki_must(whole != NULL);
    return bytes_of(whole, strlen(whole) + 1);
}

static void collateral_frame(struct arena *a, struct td_machine *m, struct frame *f)
{
    struct tdx_world w;
    struct tdx_bundle made;
    td_machine_world(a, m, &w);
    tdx_world_build(a, &w, &made);
    const struct collateral *c = &made.collateral;
    struct bytes part[7] = {
        longer(a, c->pck_crl_issuer_chain, 1),
        c->root_ca_crl,
        c->pck_crl,
        longer(a, c->tcb_info_issuer_chain, 1),
        document(a, "tcbInfo", c->tcb_info, c->tcb_info_signature),
        longer(a, c->qe_identity_issuer_chain, 1),
        document(a, "enclaveIdentity", c->qe_identity, c->qe_identity_signature),
    };
    begin_frame(m, f, 3);
    put_le(f, 3, 2);
    put_le(f, 1, 2);
    for (size_t i = 0; i < 7; i++)
        put_le(f, part[i].n, 4);
    for (size_t i = 0; i < 7; i++)
        put(f, part[i].p, part[i].n);
}

struct bytes td_machine_qgs(struct arena *a, struct td_machine *m, struct bytes frame)
{
    struct err err = {0};
    struct bytes quote;
    struct frame f = {arena_alloc(a, 1u << 19, &err), 0, 1u << 19};
    pki_must(f.p != NULL);
    if (frame.n < 28)
        return BYTES_NONE;
    uint32_t type = le32(frame.p + 8);
    if (type == 2) {
        collateral_frame(a, m, &f);
        return end_frame(m, &f);
    }
    if (type != 0 || frame.n != 4 + 24 + TD_REPORT_SIZE ||
        quote_of(a, m, frame.p + 28, &quote) != 0)
        return BYTES_NONE;
    begin_frame(m, &f, 1);
    put_le(&f, 0, 4);
    put_le(&f, quote.n, 4);
    put(&f, quote.p, quote.n);
    return end_frame(m, &f);
}
