/*
 * dstack VersionedAttestation version 0: SCALE (Simple Concatenated Aggregate Little-Endian),
 * dstack-attest attestation.rs and cc-eventlog; tdx facts 4.8. Events become the JSON that dstack's
 * own API gives for them, so there is one reader of event logs.
 */
#include "quote/evidence_parts.h"

#include <openssl/evp.h>

#include "base/cur.h"
#include "base/hex.h"
#include "base/limits.h"

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

/* put_base64: the same in base64, the form of dstack's runtime_events.log. */
static bool put_base64(struct arena *a, json_t *obj, const char *key, struct bytes b,
                       struct err *err)
{
    uint8_t *text = b.n <= LIMIT_EVENT_LOG ? arena_alloc(a, b.n / 3 * 4 + 5, err) : NULL;
    if (!text)
        return false;
    EVP_EncodeBlock(text, b.p, (int)b.n);
    return json_object_set_new(obj, key, json_string((const char *)text)) == 0;
}

/* TdxEvent { imr u32, event_type u32, digest Vec, event String, event_payload Vec } */
static enum rc read_tdx_event(struct arena *a, struct cur *c, json_t *out, struct err *err)
{
    uint32_t imr = cur_u32le(c), type = cur_u32le(c);
    struct bytes digest = vec(c), name = vec(c), payload = vec(c);
    if (c->bad)
        return RC_OK;
    AUTO_JSON text = json_stringn((const char *)name.p, name.n);
    if (!text)
        return err_set(err, BG_SCALE_TEXT, "name of an event of register %u", imr);
    bool ok = json_object_set_new(out, "imr", json_integer((json_int_t)imr)) == 0 &&
              json_object_set_new(out, "event_type", json_integer((json_int_t)type)) == 0 &&
              put_hex(a, out, "digest", digest, err) && json_object_set(out, "event", text) == 0 &&
              put_hex(a, out, "event_payload", payload, err);
    return ok ? RC_OK : evidence_no_memory(err);
}

/* RuntimeEvent { event String, payload Vec } */
static enum rc read_runtime_event(struct arena *a, struct cur *c, json_t *out, struct err *err)
{
    struct bytes name = vec(c), payload = vec(c);
    if (c->bad)
        return RC_OK;
    AUTO_JSON text = json_stringn((const char *)name.p, name.n);
    if (!text)
        return err_set(err, BG_SCALE_RUNTIME_TEXT, "name of a runtime event");
    bool ok =
        json_object_set(out, "event", text) == 0 && put_base64(a, out, "payload", payload, err);
    return ok ? RC_OK : evidence_no_memory(err);
}

typedef enum rc read_fn(struct arena *a, struct cur *c, json_t *out, struct err *err);

/* read_list reads Vec<T> and leaves it as JSON text; the caller looks at the cursor. */
static enum rc read_list(struct arena *a, struct cur *c, read_fn *read_one, struct bytes *out,
                         struct err *err)
{
    AUTO_JSON list = json_array();
    size_t n = compact(c);
    if (n > LIMIT_EVENTS)
        return err_set(err, BG_SCALE_EVENTS, "%zu events", n);
    for (size_t i = 0; i < n && !c->bad; i++) {
        json_t *e = json_object();
        if (!e || json_array_append_new(list, e) != 0)
            return evidence_no_memory(err);
        TRY(read_one(a, c, e, err));
    }
    if (c->bad || n == 0)
        return RC_OK;
    TRY(json_text(a, list, LIMIT_EVENT_LOG, out, err));
    return out->n ? RC_OK : err_set(err, BG_SCALE_LOG_SIZE, "%zu events", n);
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
    TRY(read_list(a, &c, read_tdx_event, &ev.event_log, err));
    TRY(read_list(a, &c, read_runtime_event, &ev.runtime_events, err));
    ev.report_data = cur_take(&c, 64);
    ev.vm_config = vec(&c);
    if (c.bad || ev.quote.n > LIMIT_QUOTE || ev.vm_config.n > LIMIT_VM_CONFIG)
        return err_set(err, BG_SCALE_CUT, "%zu bytes", in.n);
    if (!cur_done(&c))
        return err_set(err, BG_SCALE_TRAILING, "%zu bytes", cur_left(&c));
    *out = ev;
    return RC_OK;
}
