/*
 * dstack VersionedAttestation version 0: SCALE (Simple Concatenated Aggregate Little-Endian),
 * dstack-attest attestation.rs and cc-eventlog; tdx facts 4.8. Events become the JSON that dstack's
 * own API gives for them, so there is one reader of event logs.
 */
#include "quote/evidence_parts.h"

#include "base/cur.h"
#include "base/hex.h"
#include "base/limits.h"

#define RUNTIME_EVENT_TYPE 0x08000001u /* cc-eventlog runtime_events.rs */

bool attestation_is_v1(struct bytes in)
{
    /* msgpack: fixmap, map 16, map 32 */
    return in.n && ((in.p[0] & 0xf0) == 0x80 || in.p[0] == 0xde || in.p[0] == 0xdf);
}

/* compact reads SCALE's compact integer; the four-byte-and-more mode is beyond our limits. */
static size_t compact(struct cur *c)
{
    uint32_t b = cur_u8(c), v = b >> 2, least = 0;
    switch (b & 3) {
    case 0:
        break;
    case 1:
        v |= (uint32_t)cur_u8(c) << 6;
        least = 1u << 6;
        break;
    case 2:
        v |= (uint32_t)cur_u8(c) << 6;
        v |= (uint32_t)cur_u16le(c) << 14;
        least = 1u << 14;
        break;
    default:
        c->bad = true;
    }
    if (v < least) /* not canonical: SCALE asks for the shortest mode */
        c->bad = true;
    return c->bad ? 0 : v;
}

static struct bytes vec(struct cur *c)
{
    size_t n = compact(c);
    return cur_take(c, n);
}

/* put_hex sets a member to hex text. NULL from jansson means no memory. */
static bool put_hex(struct arena *a, json_t *obj, const char *key, struct bytes b, struct err *err)
{
    char *text = hex_str(a, b, err);
    return text && json_object_set_new(obj, key, json_string(text)) == 0;
}

static enum rc put_event(struct arena *a, json_t *list, uint32_t imr, uint32_t type,
                         struct bytes digest, struct bytes name, struct bytes payload,
                         struct err *err)
{
    AUTO_JSON text = json_stringn((const char *)name.p, name.n);
    if (!text || memchr(name.n ? (const char *)name.p : "", 0, name.n))
        return err_set(err, BG_SCALE_TEXT, "an event's name");
    AUTO_JSON e = json_pack("{s:I, s:I}", "imr", (json_int_t)imr, "event_type", (json_int_t)type);
    bool ok = e && put_hex(a, e, "digest", digest, err) && json_object_set(e, "event", text) == 0 &&
              put_hex(a, e, "event_payload", payload, err) && json_array_append(list, e) == 0;
    return ok ? RC_OK : err_set(err, BG_NOMEM, "event log");
}

/* Vec<TdxEvent { imr u32, event_type u32, digest Vec, event String, event_payload Vec }> */
static enum rc read_events(struct arena *a, struct cur *c, bool runtime, struct bytes *out,
                           struct err *err)
{
    AUTO_JSON list = json_array();
    size_t n = compact(c);
    if (n > LIMIT_EVENTS)
        return err_set(err, BG_SCALE_EVENTS, "%zu events", n);
    for (size_t i = 0; i < n && !c->bad; i++) {
        /* RuntimeEvent { event String, payload Vec }: RTMR3, digest to be computed. */
        uint32_t imr = runtime ? 3 : cur_u32le(c);
        uint32_t type = runtime ? RUNTIME_EVENT_TYPE : cur_u32le(c);
        struct bytes digest = runtime ? BYTES_NONE : vec(c), name = vec(c), payload = vec(c);
        if (!c->bad)
            TRY(put_event(a, list, imr, type, digest, name, payload, err));
    }
    if (c->bad || n == 0)
        return RC_OK; /* the caller looks at the cursor; no events: no text */
    TRY(json_text(a, list, LIMIT_EVENT_LOG, out, err));
    return out->n ? RC_OK : err_set(err, BG_SCALE_TEXT, "the events of the attestation");
}

enum rc evidence_attestation(struct arena *a, struct bytes in, struct evidence *out,
                             struct err *err)
{
    struct evidence ev = {.format = EVIDENCE_SCALE};
    struct cur c = cur_of(in);
    if (attestation_is_v1(in))
        return err_set(err, BG_ATTESTATION_V1, "first byte %02x", in.p[0]);
    unsigned version = cur_u8(&c), variant = cur_u8(&c);
    if (!c.bad && (version != 0 || variant != 0))
        return err_set(err, BG_SCALE_VARIANT, "version %u, variant %u", version, variant);
    ev.quote = vec(&c);
    TRY(read_events(a, &c, false, &ev.event_log, err));
    TRY(read_events(a, &c, true, &ev.runtime_events, err));
    ev.report_data = cur_take(&c, 64);
    ev.vm_config = vec(&c);
    if (c.bad || ev.quote.n > LIMIT_QUOTE || ev.vm_config.n > LIMIT_VM_CONFIG)
        return err_set(err, BG_SCALE_CUT, "%zu bytes", in.n);
    if (!cur_done(&c))
        return err_set(err, BG_SCALE_TRAILING, "%zu bytes", cur_left(&c));
    *out = ev;
    return RC_OK;
}
