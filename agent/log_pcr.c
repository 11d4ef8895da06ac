#include "agent/log_pcr.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/event_text.h"
#include "base/hex.h"
#include "quote/boot_log.h"
#include "quote/evlog.h"

#define TD_REGISTERS 4u  /* the highest index of a TD's log: RTMR3 */
#define CONTENT      44u /* characters of an event's content: the line then fits in about 100 */
#define EVERY_PCR    0xffffu

static const struct bank {
    uint16_t id;
    const char *name;
} banks[] = {{TCG_SHA256, "sha256"}, {TCG_SHA384, "sha384"}};
#define N_BANKS (sizeof banks / sizeof *banks)

/* struct shown: what there is to show. */
struct shown {
    struct bytes log;
    struct tcg_pcrs pcrs[N_BANKS];
    bool has[N_BANKS];
    size_t bank; /* the one that is told as text */
    bool covered;
    struct boot_log_facts facts;
};

bool log_pcr_is(struct bytes text)
{
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(text);
    struct err err = {0};
    struct tcg_record r;
    if (tcg_log_header(&c, &algs, &err) != RC_OK)
        return false;
    while (!tcg_log_at_end(&c)) {
        if (tcg_log_record(&c, &algs, text.n - cur_left(&c), &r, &err) != RC_OK)
            return false;
        if (r.type != EV_NO_ACTION && r.index > TD_REGISTERS && r.index < TCG_PCRS)
            return true;
    }
    return false;
}

static enum rc judge(struct shown *s, struct err *err)
{
    struct err last = {0};
    s->bank = N_BANKS;
    for (size_t i = 0; i < N_BANKS; i++) {
        err_clear(&last);
        s->has[i] = tcg_pcr_replay(s->log, banks[i].id, &s->pcrs[i], &last) == RC_OK;
        if (s->has[i] && s->bank == N_BANKS)
            s->bank = i;
    }
    if (s->bank == N_BANKS) {
        *err = last;
        return err->rc;
    }
    TRY(boot_log_cover(s->log, banks[s->bank].id, EVERY_PCR, &s->facts, err));
    s->covered = true;
    return RC_OK;
}

/* --- as JSON --- */

static json_t *hex(struct bytes b)
{
    if (!b.p)
        return json_null();
    char *s = malloc(2 * b.n + 1);
    if (!s)
        return json_null();
    hex_encode(b, s);
    json_t *j = json_string(s);
    free(s);
    return j;
}

static json_t *event_json(const struct tcg_record *r, size_t number)
{
    char text[512];
    bool described = event_describe(r->type, r->data, text, sizeof text);
    return json_pack("{s:I, s:i, s:I, s:s?, s:o, s:o, s:s?, s:o}", "event", (json_int_t)number,
                     "pcr", (int)r->index, "type", (json_int_t)r->type, "type_name",
                     event_type_name(r->type), "sha256", hex(r->sha256), "sha384", hex(r->sha384),
                     "text", described ? text : NULL, "data", hex(r->data));
}

static json_t *pcrs_json(const struct shown *s)
{
    json_t *all = json_object();
    for (size_t i = 0; i < N_BANKS; i++) {
        json_t *one = s->has[i] ? json_object() : NULL;
        for (unsigned k = 0; one && k < TCG_PCRS; k++) {
            char name[4];
            snprintf(name, sizeof name, "%u", k);
            if (s->pcrs[i].events[k])
                (void)json_object_set_new(one, name,
                                          hex(bytes_of(s->pcrs[i].value[k], s->pcrs[i].size)));
        }
        if (one)
            (void)json_object_set_new(all, banks[i].name, one);
    }
    return all;
}

static json_t *boot_json(const struct boot_log_facts *f)
{
    json_t *least = json_array(), *covers = json_array();
    for (unsigned i = 0; i < TCG_PCRS; i++)
        if (f->needed >> i & 1u)
            (void)json_array_append_new(least, json_integer(i));
    for (size_t i = 0; i < f->n; i++) {
        const struct boot_cover *c = &f->covers[i];
        (void)json_array_append_new(
            covers, json_pack("{s:s, s:i, s:o, s:s?}", "what", c->what, "pcr", (int)c->pcr, "event",
                              c->event ? json_integer((json_int_t)c->event) : json_null(), "note",
                              c->note[0] ? c->note : NULL));
    }
    return json_pack("{s:s, s:o, s:o}", "path", boot_path_name(f->path), "least", least, "covers",
                     covers);
}

static json_t *as_json(const struct shown *s)
{
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(s->log);
    struct err err = {0};
    struct tcg_record r;
    json_t *events = json_array();
    bool more = tcg_log_header(&c, &algs, &err) == RC_OK;
    for (size_t n = 1; more && !tcg_log_at_end(&c); n++) {
        more = tcg_log_record(&c, &algs, s->log.n - cur_left(&c), &r, &err) == RC_OK;
        if (more)
            (void)json_array_append_new(events, event_json(&r, n));
    }
    return json_pack("{s:o, s:o, s:o}", "pcrs", pcrs_json(s), "events", events, "boot",
                     s->covered ? boot_json(&s->facts) : json_null());
}

/* --- as text --- */

static void event_text(const struct style *st, const struct tcg_record *r, bool sha256)
{
    char text[512], number[11];
    const char *name = event_type_name(r->type);
    struct bytes digest = sha256 ? r->sha256 : r->sha384;
    snprintf(number, sizeof number, "0x%08x", (unsigned)r->type);
    printf("PCR %-2u  %-32s  ", (unsigned)r->index, name ? name : number);
    if (st->verbose || digest.n < 4)
        text_hex(stdout, st, digest);
    else
        printf("%02x%02x%02x%02x..", digest.p[0], digest.p[1], digest.p[2], digest.p[3]);
    fputs(r->data.n ? "  " : "", stdout);
    if (!event_describe(r->type, r->data, text, sizeof text))
        text_hex(stdout, st, r->data);
    else if (st->verbose || strlen(text) <= CONTENT)
        fputs(text, stdout);
    else
        printf("%.*s..", (int)CONTENT - 2, text);
    putchar('\n');
}

static void covers_text(const struct boot_log_facts *f)
{
    char least[BOOT_LOG_SET_TEXT];
    boot_log_set_text(f->needed, least);
    printf("\nboot path %s; boot PCRs that cover it: %s\n", boot_path_name(f->path), least);
    for (size_t i = 0; i < f->n; i++) {
        const struct boot_cover *c = &f->covers[i];
        printf("  %-14s PCR %-2u", c->what, c->pcr);
        if (c->event)
            printf("  event %zu", c->event);
        printf("%s%s\n", c->note[0] ? "  " : "", c->note);
    }
}

static void as_text(const struct style *st, const struct shown *s)
{
    struct tcg_algorithms algs = {0};
    struct cur c = cur_of(s->log);
    struct err err = {0};
    struct tcg_record r;
    bool sha256 = banks[s->bank].id == TCG_SHA256, more = tcg_log_header(&c, &algs, &err) == RC_OK;
    while (more && !tcg_log_at_end(&c)) {
        more = tcg_log_record(&c, &algs, s->log.n - cur_left(&c), &r, &err) == RC_OK;
        if (more)
            event_text(st, &r, sha256);
    }
    putchar('\n');
    for (unsigned i = 0; i < TCG_PCRS; i++) {
        const struct tcg_pcrs *p = &s->pcrs[s->bank];
        if (!p->events[i])
            continue;
        printf("PCR %-2u = ", i);
        text_hex(stdout, st, bytes_of(p->value[i], p->size));
        printf("  %3zu event%s\n", p->events[i], p->events[i] == 1 ? "" : "s");
    }
    if (s->covered)
        covers_text(&s->facts);
}

int log_pcr_show(const struct cli *cli, struct bytes log)
{
    static struct shown s;
    struct err err = {0};
    struct style st = output_style(cli);
    s = (struct shown){.log = log};
    enum rc rc = judge(&s, &err);
    if (s.bank == N_BANKS)
        return output_error(cli->json, cli->quiet, &err);
    int status = err_exit_status(rc);
    if (cli->quiet)
        return status;
    if (cli->json)
        output_json(as_json(&s));
    else
        as_text(&st, &s);
    if (rc != RC_OK)
        text_error(stderr, &err);
    return output_finish(status);
}
