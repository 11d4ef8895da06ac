/*
 * log FILE: decode an event log, replay it into RTMR0-3, compare with the quote when there is one.
 * A TPM's boot log: its PCRs, and what they cover (log_pcr.h).
 */
#include "agent/event_text.h"
#include "agent/log_input.h"
#include "agent/log_pcr.h"
#include "agent/output.h"
#include "base/hex.h"

#define CONTENT 44u /* characters of an event's content: the line then fits in about 100 */

struct replayed {
    struct log_input in;
    uint8_t rtmr[4][48];
    bool match[4];
};

static void replay(struct replayed *r)
{
    for (unsigned i = 0; i < 4; i++) {
        evlog_replay_register(&r->in.log, i, SIZE_MAX, r->rtmr[i]);
        r->match[i] = r->in.has_quote && memcmp(r->rtmr[i], r->in.quote.td.rtmr[i], 48) == 0;
    }
}

static json_t *hex(struct arena *a, struct bytes b)
{
    struct err err = {0};
    char *s = hex_str(a, b, &err);
    return s ? json_string(s) : json_null();
}

static json_t *event_json(struct arena *a, const struct event *e)
{
    json_t *name = json_stringn((const char *)e->name.p, e->name.n);
    return json_pack("{s:i, s:I, s:s?, s:o, s:o?, s:o, s:i}", "rtmr", (int)e->rtmr, "type",
                     (json_int_t)e->type, "type_name", event_type_name(e->type), "digest",
                     hex(a, BYTES_OF_ARRAY(e->digest)), "event",
                     e->name.n ? name : (json_decref(name), NULL), "payload", hex(a, e->payload),
                     "version", (int)e->version);
}

static json_t *as_json(struct arena *a, const struct replayed *r)
{
    json_t *registers = json_object(), *events = json_array(), *matches = json_object();
    for (unsigned i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "rtmr%u", i);
        (void)json_object_set_new(registers, name, hex(a, BYTES_OF_ARRAY(r->rtmr[i])));
        if (r->in.has_quote)
            (void)json_object_set_new(matches, name, json_boolean(r->match[i]));
    }
    for (size_t i = 0; i < r->in.log.n; i++)
        (void)json_array_append_new(events, event_json(a, &r->in.log.v[i]));
    return json_pack("{s:o, s:o, s:o}", "registers", registers, "events", events, "matches",
                     matches);
}

/* type_text: the name of an event's type, or its number. */
static const char *type_text(uint32_t type, char number[static 11])
{
    const char *name = event_type_name(type);
    if (name)
        return name;
    snprintf(number, 11, "0x%08x", type);
    return number;
}

static int widest_type(const struct evlog *log)
{
    size_t widest = 0;
    for (size_t i = 0; i < log->n; i++) {
        char number[11];
        size_t n = strlen(type_text(log->v[i].type, number));
        widest = n > widest ? n : widest;
    }
    return (int)widest;
}

/* content prints what an event says: dstack's name for it, then the payload as text or hex. */
static void content(const struct style *st, const struct event *e)
{
    char text[512];
    fputs("  ", stdout);
    if (e->name.n) {
        text_safe(stdout, e->name);
        fputs(e->payload.n ? " " : "", stdout);
    }
    if (!event_describe(e->type, e->payload, text, sizeof text))
        text_hex(stdout, st, e->payload);
    else if (st->verbose || strlen(text) <= CONTENT)
        fputs(text, stdout);
    else
        printf("%.*s..", (int)CONTENT - 2, text);
}

static void as_text(const struct style *st, const struct replayed *r)
{
    int width = widest_type(&r->in.log);
    size_t num[4] = {0};
    for (size_t i = 0; i < r->in.log.n; i++) {
        const struct event *e = &r->in.log.v[i];
        char number[11];
        num[e->rtmr]++;
        printf("RTMR%u  %-*s  ", e->rtmr, width, type_text(e->type, number));
        if (st->verbose)
            text_hex(stdout, st, BYTES_OF_ARRAY(e->digest));
        else
            printf("%02x%02x%02x%02x..", e->digest[0], e->digest[1], e->digest[2], e->digest[3]);
        if (e->name.n || e->payload.n)
            content(st, e);
        putchar('\n');
    }
    fputs(r->in.log.n ? "\n" : "", stdout);
    for (unsigned i = 0; i < 4; i++) {
        printf("RTMR%u = ", i);
        text_hex(stdout, st, BYTES_OF_ARRAY(r->rtmr[i]));
        printf("  %3zu event%s%s\n", num[i], num[i] == 1 ? " " : "s",
               !r->in.has_quote ? ""
               : r->match[i]    ? "  as in the quote"
                                : "  NOT as in the quote");
    }
}

int verb_log(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    struct replayed r = {0};
    AUTO_BUNDLE b = {0};
    const char *path = cli->args[0];
    struct bytes text = BYTES_NONE;
    if (log_input_bytes(a, path, &text, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    if (log_pcr_is(text))
        return log_pcr_show(cli, text);
    if (log_input_text(a, text, path, &b, &r.in, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    replay(&r);
    if (r.in.has_quote && !(r.match[0] && r.match[1] && r.match[2] && r.match[3]))
        err_set(&err, BG_LOG_MISMATCH, "%s", path);
    int status = err_exit_status(err.rc);
    if (cli->quiet)
        return status;
    struct style st = output_style(cli);
    if (cli->json)
        output_json(as_json(a, &r));
    else
        as_text(&st, &r);
    if (err.rc != RC_OK)
        text_error(stderr, &err);
    return output_finish(status);
}
