#include "agent/log_input.h"

#include "agent/file.h"
#include "base/limits.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A bare event_log array, as dstack's API gives it. */
bool log_input_is_array(struct bytes t)
{
    size_t i = 0;
    while (i < t.n && is_space(t.p[i]))
        i++;
    return i < t.n && t.p[i] == '[';
}

/*
 * looks_like_ccel: a CCEL area begins with the TCG_PCR_EVENT header event: MR index, then event
 * type EV_NO_ACTION, 20 zero bytes, event size (TCG PFP, 10.4.5.1, "Spec ID Event03").
 */
static bool looks_like_ccel(struct bytes t)
{
    static const char signature[] = "Spec ID Event03";
    return t.n > 48 && memcmp(t.p + 32, signature, sizeof signature) == 0;
}

enum rc log_input_read(struct arena *a, struct bytes text, const char *path, struct bundle *b,
                       struct log_input *out, struct err *err)
{
    static const struct evlog_caps caps = {LIMIT_TOOL_LOG, LIMIT_TOOL_EVENTS};
    struct log_input in = {0};
    if (text.n == 0)
        return err_set(err, BG_LOG_EMPTY, "%s", path);
    if (log_input_is_array(text)) {
        TRY(evlog_parse_json_within(a, text, &caps, &in.log, err));
        in.has_log = true;
    } else if (looks_like_ccel(text)) {
        TRY(evlog_parse_ccel_within(a, text, &caps, &in.log, err));
        in.has_log = true;
    } else {
        TRY(bundle_init(b, err));
        TRY(bundle_add_text(a, b, text, path, err));
        const struct evidence *ev = &b->evidence;
        in.format = ev->format;
        in.has_log = ev->event_log.n || ev->ccel.n || ev->runtime_events.n;
        if (in.has_log)
            TRY(evlog_parse_evidence(a, ev, &in.log, err));
        in.has_quote = ev->quote.n > 0;
        if (in.has_quote)
            TRY(quote_parse(ev->quote, &in.quote, err));
    }
    *out = in;
    return RC_OK;
}

enum rc log_input_bytes(struct arena *a, const char *path, struct bytes *out, struct err *err)
{
    return file_read(a, path, LIMIT_TOOL_LOG, BG_LOG_FILE_SIZE, out, err);
}

enum rc log_input_file(struct arena *a, const char *path, struct bundle *b, struct log_input *out,
                       struct err *err)
{
    struct bytes text = BYTES_NONE;
    TRY(log_input_bytes(a, path, &text, err));
    return log_input_text(a, text, path, b, out, err);
}

enum rc log_input_text(struct arena *a, struct bytes text, const char *path, struct bundle *b,
                       struct log_input *out, struct err *err)
{
    struct log_input in;
    TRY(log_input_read(a, text, path, b, &in, err));
    if (!in.has_log)
        return err_set(err, BG_LOG_NONE, "%s: %s", path, evidence_format_name(in.format));
    *out = in;
    return RC_OK;
}
