#include "agent/diff_side.h"

#include "agent/event_text.h"
#include "agent/file.h"
#include "base/limits.h"
#include "quote/measurement.h"

const char *diff_kind_name(enum diff_kind kind)
{
    static const char *const names[] = {"", "log", "quote", "evidence", "measurement"};
    return names[kind];
}

static bool has_text(struct bytes payload, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= payload.n; i++)
        if (memcmp(payload.p + i, text, n) == 0)
            return true;
    return false;
}

/* inputs_of: what a firmware event follows from, by its type and what it says (tdx facts 4.6). */
static unsigned inputs_of(const struct event *e)
{
    if (e->rtmr == 3)
        return 0;
    if (e->name.n && measured_inputs_of(e->name))
        return measured_inputs_of(e->name);
    switch (e->type) {
    case 0x80000009: /* EV_EFI_HANDOFF_TABLES, and its second version */
    case 0x8000000b:
        return e->rtmr == 0 ? INPUT_MEMORY | INPUT_FIRMWARE : 0;
    case 0x80000008: /* EV_EFI_PLATFORM_FIRMWARE_BLOB, and its second version */
    case 0x8000000a:
    case 0x80000001: /* EV_EFI_VARIABLE_DRIVER_CONFIG, _BOOT, _BOOT2 */
    case 0x80000002:
    case 0x8000000c:
        return INPUT_FIRMWARE;
    case 0xa: /* EV_PLATFORM_CONFIG_FLAGS: the ACPI tables */
        return INPUT_MEMORY | INPUT_CPUS | INPUT_DEVICES | INPUT_QEMU;
    case 0x80000003: /* EV_EFI_BOOT_SERVICES_APPLICATION */
        return e->rtmr == 1 ? INPUT_KERNEL | INPUT_INITRD | INPUT_MEMORY | INPUT_QEMU : 0;
    case 0x6: /* EV_EVENT_TAG, of the kernel's EFI stub */
        if (has_text(e->payload, "LOADED_IMAGE::LoadOptions"))
            return INPUT_CMDLINE;
        return has_text(e->payload, "Linux initrd") ? INPUT_INITRD : 0;
    default:
        return 0;
    }
}

/* label_of names an event: dstack's name, or its type and what it says of itself. */
static const char *label_of(struct arena *a, const struct event *e, struct err *err)
{
    char text[96];
    const char *type = event_type_name(e->type);
    if (e->name.n)
        return arena_printf(a, err, "%.*s", (int)(e->name.n < 64 ? e->name.n : 64),
                            (const char *)e->name.p);
    bool says = event_describe(e->type, e->payload, text, sizeof text);
    if (!type)
        return arena_printf(a, err, "0x%08x", e->type);
    return arena_printf(a, err, "%s%s%s", type, says ? " " : "", says ? text : "");
}

static enum rc log_register(struct arena *a, const struct log_input *in, unsigned rtmr,
                            struct diff_register *out, struct err *err)
{
    const struct evlog *log = &in->log;
    size_t n = 0, total = 0;
    uint8_t replayed[48];
    for (size_t i = 0; i < log->n; i++)
        total += log->v[i].rtmr == rtmr;
    struct diff_event *v = ARENA_ARRAY(a, struct diff_event, total, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < log->n; i++) {
        const struct event *e = &log->v[i];
        if (e->rtmr != rtmr)
            continue;
        const char *label = label_of(a, e, err);
        if (!label)
            return err->rc;
        v[n] = (struct diff_event){.known = true,
                                   .label = bytes_of_str(label),
                                   .type = e->type,
                                   .payload = e->payload,
                                   .inputs = inputs_of(e)};
        memcpy(v[n++].digest, e->digest, 48);
    }
    evlog_replay_register(log, rtmr, SIZE_MAX, replayed);
    if (!out->has_value)
        memcpy(out->value, replayed, 48);
    out->has_events = log->covers[rtmr];
    out->replays = out->has_events && memcmp(replayed, out->value, 48) == 0;
    out->has_value = out->has_value || out->has_events;
    out->list = (struct diff_list){v, n};
    return RC_OK;
}

static enum rc from_log(struct arena *a, const struct log_input *in, struct diff_side *out,
                        struct err *err)
{
    if (!in->has_log && !in->has_quote)
        return err_set(err, BG_DIFF_NOTHING, "%s", out->path);
    out->kind = !in->has_quote ? DIFF_LOG : in->has_log ? DIFF_EVIDENCE : DIFF_QUOTE;
    out->has_mrtd = in->has_quote;
    out->has_mr_config = in->has_quote;
    if (in->has_quote) {
        memcpy(out->mrtd, in->quote.td.mr_td, 48);
        memcpy(out->mr_config_id, in->quote.td.mr_config_id, 48);
    }
    if (in->has_log) {
        struct evlog *log = ARENA_NEW(a, struct evlog, err);
        if (!log)
            return err->rc;
        *log = in->log;
        out->log = log;
    }
    for (unsigned r = 0; r < 4; r++) {
        out->reg[r].has_value = in->has_quote;
        if (in->has_quote)
            memcpy(out->reg[r].value, in->quote.td.rtmr[r], 48);
        if (in->has_log)
            TRY(log_register(a, in, r, &out->reg[r], err));
    }
    return RC_OK;
}

static bool read_inputs(const json_t *list, unsigned *out)
{
    size_t i;
    json_t *name;
    if (!json_is_array(list))
        return false;
    json_array_foreach(list, i, name)
    {
        unsigned bit = 0;
        while (bit < NUM_MEASURED_INPUTS &&
               !(json_is_string(name) && bytes_eq_str(json_view(name), measured_input_name(bit))))
            bit++;
        if (bit == NUM_MEASURED_INPUTS)
            return false;
        *out |= 1u << bit;
    }
    return true;
}

/* read_event: one member of events; the label is a view of j. */
static bool read_event(const json_t *j, unsigned *out_rtmr, struct diff_event *out)
{
    struct diff_event e = {0};
    uint64_t rtmr;
    const json_t *digest = json_object_get(j, "digest");
    if (!json_u64(j, "rtmr", 2, &rtmr) || !json_str(j, "event", &e.label) || !digest ||
        !read_inputs(json_object_get(j, "depends_on"), &e.inputs))
        return false;
    e.known = !json_is_null(digest);
    if (e.known && !json_hex(j, "digest", false, e.digest, 48))
        return false;
    *out_rtmr = (unsigned)rtmr;
    *out = e;
    return true;
}

static bool read_value(const json_t *registers, unsigned rtmr, struct diff_register *out)
{
    char name[] = "rtmr0";
    name[4] = (char)('0' + rtmr);
    const json_t *value = json_object_get(registers, name);
    out->has_value = !json_is_null(value);
    return value && (!out->has_value || json_hex(registers, name, false, out->value, 48));
}

static enum rc from_measurement(struct arena *a, const json_t *j, struct diff_side *out,
                                struct err *err)
{
    const json_t *registers = json_object_get(j, "registers"),
                 *events = json_object_get(j, "events");
    size_t total = json_array_size(events);
    uint64_t schema;
    out->kind = DIFF_MEASUREMENT;
    out->has_mrtd = json_hex(registers, "mrtd", false, out->mrtd, 48);
    bool ok = out->has_mrtd && json_is_array(events) && total <= LIMIT_EVENTS &&
              json_u64(j, "schema", 1, &schema);
    for (unsigned r = 0; ok && r < 3; r++) {
        struct diff_register *reg = &out->reg[r];
        struct diff_event *v = ARENA_ARRAY(a, struct diff_event, total, err);
        size_t n = 0;
        if (!v)
            return err->rc;
        ok = read_value(registers, r, reg);
        for (size_t i = 0; ok && i < total; i++) {
            struct diff_event e;
            unsigned rtmr;
            ok = read_event(json_array_get(events, i), &rtmr, &e);
            if (!ok || rtmr != r)
                continue;
            TRY(arena_keep(a, e.label, &e.label, err));
            v[n++] = e;
        }
        reg->list = (struct diff_list){v, n};
        reg->has_events = n > 0;
        reg->replays = reg->has_value;
    }
    return ok ? RC_OK : err_set(err, BG_DIFF_MEASUREMENT, "%s", out->path);
}

enum rc diff_side_text(struct arena *a, const char *path, struct bytes text, struct bundle *b,
                       struct diff_side *out, struct err *err)
{
    struct diff_side s = {.path = path};
    struct bytes kind;
    struct err ignored = {0};
    AUTO_JSON j = NULL;
    if (text.n && text.p[0] == '{' && json_read(text, LIMIT_FILE, &j, &ignored) == RC_OK &&
        json_str(j, "kind", &kind) && bytes_eq_str(kind, "measurement")) {
        TRY(from_measurement(a, j, &s, err));
    } else {
        struct log_input in;
        TRY(log_input_read(a, text, path, b, &in, err));
        TRY(from_log(a, &in, &s, err));
    }
    *out = s;
    return RC_OK;
}

enum rc diff_side_read(struct arena *a, const char *path, struct bundle *b, struct diff_side *out,
                       struct err *err)
{
    struct bytes text = BYTES_NONE;
    TRY(file_read(a, path, LIMIT_TOOL_LOG, BG_DIFF_FILE_SIZE, &text, err));
    return diff_side_text(a, path, text, b, out, err);
}
