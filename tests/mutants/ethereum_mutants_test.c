/*
 * ethereum_mutants: every byte of the beacon part of an accepted bundle changed, one at a time, as
 * SSZ and as JSON text: never allowed, but where the byte does not matter:
 *   - the digest in front of an update in /updates: the slot says the fork, not a label;
 *   - `version` beside `data`, key and value: the same;
 *   - start_period and count in a path: what was asked; each update says itself what it is.
 * Those are changed too, and must still be allowed or refused as a whole.
 * A sample by default; BOOTGATE_MUTANTS=full in the environment: every byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/ethereum_world.h"

static struct arena *a;
static size_t allowed_free, tried;

/* step: every how many bytes. */
static size_t step(size_t sampled)
{
    const char *v = getenv("BOOTGATE_MUTANTS");
    return v && strcmp(v, "full") == 0 ? 1 : sampled;
}

/* allowed: one whole decision, in an arena of its own. */
static bool allowed(const struct ethereum_world *e, const json_t *beacon)
{
    struct arena *own = arena_new((size_t)512 << 20);
    assert_non_null(own);
    bool yes = ethereum_world_ask(own, e, beacon).allow;
    arena_free(own);
    return yes;
}

static void setup(struct ethereum_world *e, bool ssz)
{
    a = arena_new((size_t)512 << 20);
    assert_non_null(a);
    ethereum_world_new(a, e, ssz);
    assert_true(allowed(e, e->s.beacon));
    allowed_free = tried = 0;
}

static void teardown(struct ethereum_world *e)
{
    assert_true(allowed(e, e->s.beacon)); /* all was put back */
    ethereum_world_free(e);
    arena_free(a);
}

static void no_changed_byte_of_ssz_is_allowed(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    struct ethereum_world e;
    setup(&e, true);
    size_t n = step(9);
    for (size_t entry = 0; entry < json_array_size(e.s.beacon); entry++) {
        json_t *o = json_array_get(e.s.beacon, entry);
        const char *path = json_string_value(json_object_get(o, "path"));
        bool framed = strstr(path, "/updates?") != NULL;
        char *text = strdup(json_string_value(json_object_get(o, "ssz")));
        assert_non_null(text);
        size_t bytes = strlen(text) / 2;
        for (size_t i = n > 1 ? entry : 0; i < bytes; i += n) {
            bool digest = framed && i >= 8 && i < 12;
            unsigned bit = 1u << i % 8;
            char *c = &text[2 * i + (bit < 16)], was = *c;
            *c = digits[(size_t)(strchr(digits, was) - digits) ^ (bit < 16 ? bit : bit >> 4)];
            json_object_set_new(o, "ssz", json_string(text));
            bool yes = allowed(&e, e.s.beacon);
            CASE("ssz", yes == digest, "%s: byte %zu of %zu, allowed %d", path, i, bytes, yes);
            *c = was;
            tried++;
        }
        json_object_set_new(o, "ssz", json_string(text));
        free(text);
    }
    assert_true(n > 1 || tried > 6000);
    teardown(&e);
}

/* free_byte: it lies in one of the places named above. */
static bool free_byte(const char *text, size_t i)
{
    static const char *const places[][2] = {
        {"\"version\":\"", "\""}, {"?start_period=", "&"}, {"&count=", "\""}};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (const char *at = text; (at = strstr(at, places[p][0])); at++) {
            /* A version's key may change too; the words in a path may not. */
            const char *from = p == 0 ? at + 1 : at + strlen(places[p][0]);
            const char *to = strstr(at + strlen(places[p][0]), places[p][1]);
            if (to && text + i >= from && text + i < to)
                return true;
        }
    return false;
}

/* changed: another character of the same sort, so that what is text stays text. */
static char changed(char c)
{
    static const char from[] = "0123456789abcdef", to[] = "1234567890bcdefa";
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : (char)((unsigned char)c ^ 1u);
}

static void no_changed_character_of_json_is_allowed(void **state)
{
    (void)state;
    struct ethereum_world e;
    setup(&e, false);
    char *text = json_dumps(e.s.beacon, JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_non_null(text);
    size_t n = step(37), len = strlen(text);
    for (size_t i = 0; i < len; i += n) {
        struct err err = {0};
        AUTO_JSON beacon = NULL;
        char was = text[i];
        text[i] = changed(was);
        bool yes =
            json_read(bytes_of(text, len), len, &beacon, &err) == RC_OK && allowed(&e, beacon);
        text[i] = was;
        tried++;
        if (yes && free_byte(text, i))
            allowed_free++;
        CASE("json", !yes || free_byte(text, i), "character %zu of %zu: %.30s", i, len, &text[i]);
    }
    printf("%zu characters changed, %zu of them where it does not matter\n", tried, allowed_free);
    assert_true(n > 1 || (tried > 15000 && allowed_free > 20));
    free(text);
    teardown(&e);
}

/* Whole answers exchanged, left out, doubled, cut. */
static void no_changed_set_of_answers_is_allowed(void **state)
{
    (void)state;
    struct ethereum_world e;
    setup(&e, true);
    for (size_t i = 0; i < 3; i++) {
        AUTO_JSON less = json_copy(e.s.beacon);
        json_array_remove(less, i);
        CASE("left out", !allowed(&e, less), "%zu", i);
        for (size_t k = 0; k < 3; k++) {
            AUTO_JSON mixed = json_deep_copy(e.s.beacon);
            json_t *from = json_object_get(json_array_get(e.s.beacon, k), "ssz");
            json_object_set(json_array_get(mixed, i), "ssz", from);
            CASE("exchanged", allowed(&e, mixed) == (i == k), "%zu for %zu", k, i);
            json_array_append(mixed, json_array_get(e.s.beacon, i));
            CASE("and the good one", allowed(&e, mixed), "%zu for %zu", k, i);
        }
        AUTO_JSON cut = json_deep_copy(e.s.beacon);
        json_t *o = json_array_get(cut, i);
        const char *whole = json_string_value(json_object_get(o, "ssz"));
        size_t len = strlen(whole);
        for (size_t left = 0; left < len; left += step(160) * 2) {
            json_t *part = json_stringn(whole, left);
            AUTO_JSON one = json_deep_copy(cut);
            json_object_set_new(json_array_get(one, i), "ssz", part);
            CASE("cut", !allowed(&e, one), "%zu of %zu digits of %zu", left, len, i);
        }
        AUTO_JSON longer = json_deep_copy(e.s.beacon);
        char *text = malloc(len + 3);
        assert_non_null(text);
        memcpy(text, whole, len);
        memcpy(text + len, "00", 3);
        json_object_set_new(json_array_get(longer, i), "ssz", json_string(text));
        free(text);
        CASE("a byte more", !allowed(&e, longer), "%zu", i);
    }
    teardown(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_changed_byte_of_ssz_is_allowed),
        cmocka_unit_test(no_changed_character_of_json_is_allowed),
        cmocka_unit_test(no_changed_set_of_answers_is_allowed),
    };
    return HARNESS_RUN("ethereum_mutants", tests);
}
