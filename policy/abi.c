#include "policy/abi.h"

#include "base/ck.h"
#include "base/limits.h"

/*
 * Contract ABI specification (Solidity documentation, "Formal Specification of the Encoding"):
 * words of 32 bytes; a dynamic value stands in its tuple's head as an offset from the tuple's
 * start.
 */
#define WORD 32u

static void put_number(uint8_t *word, size_t v)
{
    for (size_t i = 0; i < sizeof v; i++)
        word[WORD - 1 - i] = (uint8_t)(v >> 8 * i);
}

/* padded: n rounded up to whole words. Callers have bounded n. */
static size_t padded(size_t n)
{
    return (n + WORD - 1) / WORD * WORD;
}

/* put_bytes writes a length word and the padded bytes; the buffer is zeroed. */
static size_t put_bytes(uint8_t *at, struct bytes b)
{
    put_number(at, b.n);
    if (b.n)
        memcpy(at + WORD, b.p, b.n);
    return WORD + padded(b.n);
}

static void put_selector(uint8_t out[static 4], uint32_t selector)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(selector >> (24 - 8 * i));
}

/* tuple_size: AppBootInfo's 9 head words and its two tails; false: more than anyone can mean. */
static bool tuple_size(const struct boot_info *bi, size_t *out)
{
    size_t n = 9 * WORD + WORD + WORD;
    if (bi->tcb_status.n > LIMIT_RETURN_DATA || bi->num_advisory_ids > LIMIT_ADVISORIES)
        return false;
    n += padded(bi->tcb_status.n);
    for (size_t i = 0; i < bi->num_advisory_ids; i++) {
        if (bi->advisory_ids[i].n > LIMIT_RETURN_DATA)
            return false;
        n += 2 * WORD + padded(bi->advisory_ids[i].n);
    }
    if (n > LIMIT_RETURN_DATA)
        return false;
    *out = n;
    return true;
}

enum rc abi_encode_boot_info(struct arena *a, uint32_t selector, const struct boot_info *bi,
                             struct bytes *out, struct err *err)
{
    size_t n;
    if (!tuple_size(bi, &n))
        return err_set(err, BG_ABI_BOOT_INFO_SIZE, "tcbStatus %zu bytes, %zu advisory ids",
                       bi->tcb_status.n, bi->num_advisory_ids);
    uint8_t *p = arena_alloc(a, 4 + WORD + n, err);
    if (!p)
        return err->rc;
    put_selector(p, selector);
    put_number(p + 4, WORD);
    uint8_t *t = p + 4 + WORD;
    memcpy(t + 0 * WORD + 12, bi->app_id, 20);
    memcpy(t + 1 * WORD, bi->compose_hash, 32);
    if (bi->has_instance_id)
        memcpy(t + 2 * WORD + 12, bi->instance_id, 20);
    memcpy(t + 3 * WORD, bi->device_id, 32);
    memcpy(t + 4 * WORD, bi->mr_aggregated, 32);
    memcpy(t + 5 * WORD, bi->mr_system, 32);
    memcpy(t + 6 * WORD, bi->os_image_hash, 32);
    size_t at = 9 * WORD;
    put_number(t + 7 * WORD, at);
    at += put_bytes(t + at, bi->tcb_status);
    put_number(t + 8 * WORD, at);
    put_number(t + at, bi->num_advisory_ids);
    /* Offsets of a string[]'s elements count from behind its length. */
    uint8_t *list = t + at + WORD;
    size_t tail = bi->num_advisory_ids * WORD;
    for (size_t i = 0; i < bi->num_advisory_ids; i++) {
        put_number(list + i * WORD, tail);
        tail += put_bytes(list + tail, bi->advisory_ids[i]);
    }
    *out = bytes_of(p, 4 + WORD + n);
    return RC_OK;
}

enum rc abi_encode_getter(struct arena *a, uint32_t selector, struct bytes *out, struct err *err)
{
    uint8_t *p = arena_alloc(a, 4, err);
    if (!p)
        return err->rc;
    put_selector(p, selector);
    *out = bytes_of(p, 4);
    return RC_OK;
}

/* word_at: the word at an offset as a size; false: outside, or too large for any answer. */
static bool word_at(struct bytes data, size_t at, size_t *out)
{
    if (at > data.n || data.n - at < WORD || !mem_is_zero(data.p + at, WORD - 4))
        return false;
    size_t v = 0;
    for (size_t i = WORD - 4; i < WORD; i++)
        v = v << 8 | data.p[at + i];
    *out = v;
    return true;
}

/*
 * canonical_bytes reads the dynamic value whose offset stands in head word `head`: the offset must
 * be *end (the first free place), the padding zero. *end moves behind it.
 */
static bool canonical_bytes(struct bytes data, size_t head, size_t *end, struct bytes *out)
{
    size_t offset, n, start;
    if (!word_at(data, head, &offset) || offset != *end || !word_at(data, offset, &n) ||
        !ck_add(offset, WORD, &start) || data.n - start < n || data.n - start < padded(n))
        return false;
    if (!mem_is_zero(data.p + start + n, padded(n) - n))
        return false;
    *out = bytes_of(data.p + start, n);
    *end = start + padded(n);
    return true;
}

/* utf8_next: length of the well-formed sequence at i (Unicode, table 3-7), 0 for none. */
static size_t utf8_next(struct bytes t, size_t i, uint32_t *out_rune)
{
    uint8_t c = t.p[i];
    if (c < 0x80) {
        *out_rune = c;
        return 1;
    }
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < 0xc2 || c > 0xf4 || t.n - i < n)
        return 0;
    uint32_t rune = c & (0x7fu >> n);
    for (size_t k = 1; k < n; k++) {
        if ((t.p[i + k] & 0xc0) != 0x80)
            return 0;
        rune = rune << 6 | (t.p[i + k] & 0x3fu);
    }
    if (rune < least[n] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
        return 0;
    *out_rune = rune;
    return n;
}

static bool is_utf8(struct bytes t)
{
    uint32_t rune;
    for (size_t i = 0, n; i < t.n; i += n)
        if ((n = utf8_next(t, i, &rune)) == 0)
            return false;
    return true;
}

enum rc abi_decode_decision(struct bytes data, bool *out_allowed, struct bytes *out_reason,
                            struct err *err)
{
    size_t yes, end = 2 * WORD;
    struct bytes reason;
    /* A bool is the word 0 or 1, nothing else (abi.encode; a dirty word is not canonical). */
    if (!word_at(data, 0, &yes) || yes > 1 || !canonical_bytes(data, WORD, &end, &reason) ||
        end != data.n || !is_utf8(reason))
        return err_set(err, BG_ABI_DECISION, "%zu bytes", data.n);
    *out_allowed = yes == 1;
    *out_reason = reason;
    return RC_OK;
}

enum rc abi_decode_string(struct bytes data, struct bytes *out, struct err *err)
{
    size_t end = WORD;
    struct bytes s;
    if (!canonical_bytes(data, 0, &end, &s) || end != data.n || !is_utf8(s))
        return err_set(err, BG_ABI_STRING, "%zu bytes", data.n);
    *out = s;
    return RC_OK;
}

enum rc abi_decode_address(struct bytes data, uint8_t out[static 20], struct err *err)
{
    if (data.n != WORD || !mem_is_zero(data.p, 12))
        return err_set(err, BG_ABI_ADDRESS, "%zu bytes", data.n);
    memcpy(out, data.p + 12, 20);
    return RC_OK;
}

enum rc abi_decode_kms_info(struct bytes data, struct bytes out[static 4], struct err *err)
{
    size_t end = 4 * WORD;
    struct bytes v[4];
    for (size_t i = 0; i < 4; i++)
        if (!canonical_bytes(data, i * WORD, &end, &v[i]))
            return err_set(err, BG_ABI_KMS_INFO, "%zu bytes, field %zu", data.n, i);
    if (end != data.n)
        return err_set(err, BG_ABI_KMS_INFO_TRAILING, "%zu bytes behind it", data.n - end);
    memcpy(out, v, sizeof v);
    return RC_OK;
}

/* disturbing: characters that move the cursor or the reading direction, or break the line. */
static bool disturbing(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7f && rune <= 0x9f) || rune == '\\' || rune == 0x061c ||
           (rune >= 0x200e && rune <= 0x200f) || (rune >= 0x2028 && rune <= 0x202e) ||
           (rune >= 0x2066 && rune <= 0x2069) || rune == 0xfeff;
}

char *abi_printable(struct arena *a, struct bytes text, struct err *err)
{
    static const char digits[] = "0123456789abcdef";
    if (text.n > LIMIT_REASON)
        text.n = LIMIT_REASON;
    char *s = arena_array(a, text.n + 1, 4, err);
    if (!s)
        return NULL;
    size_t at = 0;
    for (size_t i = 0, n; i < text.n; i += n) {
        uint32_t rune = 0;
        n = utf8_next(text, i, &rune);
        if (n && !disturbing(rune)) {
            memcpy(s + at, text.p + i, n);
            at += n;
            continue;
        }
        n = n ? n : 1;
        for (size_t k = 0; k < n; k++) {
            s[at++] = '\\';
            s[at++] = 'x';
            s[at++] = digits[text.p[i + k] >> 4];
            s[at++] = digits[text.p[i + k] & 15];
        }
    }
    return s;
}

/* Solidity documentation, "Panic via assert and Error via require". */
static const uint8_t error_string[4] = {0x08, 0xc3, 0x79, 0xa0};
static const uint8_t panic_uint256[4] = {0x4e, 0x48, 0x7b, 0x71};

char *abi_revert_reason(struct arena *a, struct bytes data, struct err *err)
{
    if (data.n < 4)
        return abi_printable(a, BYTES_NONE, err);
    struct bytes body = bytes_of(data.p + 4, data.n - 4), text = BYTES_NONE;
    size_t code;
    struct err ignored = {0}; /* the answer is a revert, whatever its data */
    if (memcmp(data.p, error_string, 4) == 0 && abi_decode_string(body, &text, &ignored) == RC_OK)
        return abi_printable(a, text, err);
    if (memcmp(data.p, panic_uint256, 4) == 0 && body.n == WORD && word_at(body, 0, &code))
        return arena_printf(a, err, "panic 0x%02zx", code);
    return abi_printable(a, BYTES_NONE, err);
}
