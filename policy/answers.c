#include "policy/answers.h"

#include "base/hex.h"
#include "base/limits.h"

enum rc answers_read(struct arena *a, const json_t *rpc, struct answers *out, struct err *err)
{
    static const char *const keys[] = {"method", "params", "result"};
    if (!json_is_array(rpc))
        return err_set(err, BG_RPC_NOT_LIST, "it is of another JSON type");
    size_t n = json_array_size(rpc);
    if (n > LIMIT_RPC_ENTRIES)
        return err_set(err, BG_RPC_TOO_MANY, "%zu entries, at most %u", n, LIMIT_RPC_ENTRIES);
    struct answer *v = ARENA_ARRAY(a, struct answer, n, err);
    if (!v)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(rpc, i);
        const char *bad = NULL;
        if (!json_only_keys(e, keys, sizeof keys / sizeof *keys, &bad))
            return err_set(err, BG_RPC_ENTRY_KEYS, "entry %zu%s%s", i, bad ? ": " : "",
                           bad ? bad : "");
        const json_t *method = json_object_get(e, "method");
        const json_t *params = json_object_get(e, "params");
        const json_t *result = json_object_get(e, "result");
        /* NEAR's params are an object for some methods; only arrays can answer our questions. */
        if (!json_is_string(method) || !result ||
            !(json_is_array(params) || json_is_object(params)))
            return err_set(err, BG_RPC_ENTRY_SHAPE, "entry %zu", i);
        v[i] = (struct answer){json_string_value(method), params, result};
    }
    *out = (struct answers){v, n};
    return RC_OK;
}

/* hex_digits: a string "0x" and 1 to 64 hex digits; the digits. */
static bool hex_digits(const json_t *v, struct bytes *out)
{
    if (!json_is_string(v))
        return false;
    struct bytes s = json_view(v);
    if (s.n < 3 || s.n > 66 || s.p[0] != '0' || s.p[1] != 'x')
        return false;
    *out = bytes_of(s.p + 2, s.n - 2);
    return true;
}

bool answers_word(const json_t *v, uint8_t out[static 32])
{
    struct bytes digits;
    uint8_t word[32];
    char text[64];
    if (!hex_digits(v, &digits))
        return false;
    memset(text, '0', sizeof text);
    memcpy(text + sizeof text - digits.n, digits.p, digits.n);
    if (!hex_decode(bytes_of(text, sizeof text), word, 32))
        return false;
    memcpy(out, word, 32);
    return true;
}

bool answers_quantity(const json_t *v, uint64_t *out)
{
    uint8_t word[32];
    if (!answers_word(v, word) || !mem_is_zero(word, 24))
        return false;
    uint64_t n = 0;
    for (size_t i = 24; i < 32; i++)
        n = n << 8 | word[i];
    *out = n;
    return true;
}

bool answers_fixed(const json_t *v, uint8_t *out, size_t n)
{
    if (!json_is_string(v))
        return false;
    struct bytes s = json_view(v);
    return s.n == 2 + 2 * n && s.p[0] == '0' && s.p[1] == 'x' &&
           hex_decode(bytes_of(s.p + 2, s.n - 2), out, n);
}

bool answers_data(struct arena *a, const json_t *v, size_t max, struct bytes *out, struct err *err)
{
    if (!json_is_string(v))
        return false;
    struct bytes s = json_view(v);
    if (s.n < 2 || s.n > 2 + 2 * max || s.p[0] != '0' || s.p[1] != 'x')
        return false;
    return hex_decode_any(a, bytes_of(s.p + 2, s.n - 2), out, err);
}

bool answers_names_block(const json_t *v, uint64_t number, const uint8_t hash[static 32])
{
    if (json_is_object(v))
        v = json_object_get(v, "blockHash");
    uint8_t h[32];
    uint64_t n;
    if (answers_fixed(v, h, 32))
        return memcmp(h, hash, 32) == 0;
    return answers_quantity(v, &n) && n == number;
}

bool answers_about(const struct answer *e, const char *method, size_t num_params, uint64_t number,
                   const uint8_t hash[static 32], const uint8_t address[static 20])
{
    uint8_t who[20];
    return strcmp(e->method, method) == 0 && json_is_array(e->params) &&
           json_array_size(e->params) == num_params &&
           answers_fixed(json_array_get(e->params, 0), who, 20) && memcmp(who, address, 20) == 0 &&
           answers_names_block(json_array_get(e->params, num_params - 1), number, hash);
}
