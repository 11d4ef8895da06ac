/* Keys of identities against an independent HKDF, wrapped secrets and every way to spoil one. */
#include "tests/lib/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/kdf.h"
#include "agent/wrap.h"
#include "base/hex.h"

static struct arena *arena;

static struct secret *secret_of(const void *p, size_t n)
{
    struct err err = {0};
    struct secret *s = secret_new(n, &err);
    assert_non_null(s);
    memcpy(secret_data(s), p, n);
    return s;
}

static struct secret *counting_seed(void)
{
    uint8_t seed[KDF_SEED];
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    return secret_of(seed, sizeof seed);
}

static struct kdf_identity identity(uint64_t chain, uint8_t kms, uint8_t app)
{
    struct kdf_identity id = {.source = "pinned", .chain_id = chain};
    memset(id.kms_contract, kms, sizeof id.kms_contract);
    memset(id.app_id, app, sizeof id.app_id);
    return id;
}

static struct secret *key_of(struct secret *seed, struct secret *share,
                             const struct kdf_identity *id)
{
    struct secret *key = NULL;
    struct err err = {0};
    assert_int_equal(kdf_key(seed, share, id, &key, &err), RC_OK);
    assert_int_equal(secret_len(key), KDF_KEY);
    return key;
}

/*
 * Made with Python's hmac and hashlib after RFC 5869, from the layout in agent/kdf.h:
 *   prk = HMAC(32 zero bytes, seed || share), key = HMAC(prk, info || 01)
 * seed = 00 01 .. 1f, share = 40 bytes of a5. The end-to-end test computes it anew in each run.
 */
static void keys_are_those_of_an_independent_hkdf(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t chain;
        uint8_t kms, app;
        bool share;
        const char *key;
    } v[] = {
        {"plain", 31337, 0x11, 0x22, false,
         "91f80fae8023bda9285f324f14d354fee951ac3a740b93134b07f275a12eb812"},
        {"share", 31337, 0x11, 0x22, true,
         "19554a70267c222a08e6288a2c6ac2aa8cd462d8e21a173cb2e5f848e05f1c78"},
        {"chain", 1, 0x11, 0x22, false,
         "b9aef9397ed2f2d56c026fc210a747a071d98c55c33c39003f98d3cce0bec256"},
        {"kms", 31337, 0x12, 0x22, false,
         "acdedc26a3d5cb193b1133176ed9f29ad2d3c2877219399212afb234bbdaf0ba"},
        {"app", 31337, 0x11, 0x23, false,
         "005ac1f1f109e577e7fdbb2d0c47b4328ce9ee0dff5cd696c6e9de99e3ded611"},
        {"extremes", INT64_MAX, 0xff, 0x00, true,
         "bd3887297e6bf06cd5369cae02032bacad920374d536d28bd37fb3cc6e5da822"},
    };
    uint8_t share_bytes[40];
    memset(share_bytes, 0xa5, sizeof share_bytes);
    struct secret *seed = counting_seed(), *share = secret_of(share_bytes, sizeof share_bytes);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct kdf_identity id = identity(v[i].chain, v[i].kms, v[i].app);
        struct secret *key = key_of(seed, v[i].share ? share : NULL, &id);
        char hex[2 * KDF_KEY + 1];
        hex_encode(bytes_of(secret_data(key), KDF_KEY), hex);
        CASE(v[i].name, strcmp(hex, v[i].key) == 0, "key is %s", hex);
        secret_free(key);
    }
    secret_free(share);
    secret_free(seed);
}

static void the_info_is_laid_out_as_documented(void **state)
{
    (void)state;
    struct kdf_identity id = identity(31337, 0x11, 0x22);
    struct err err = {0};
    uint8_t info[KDF_INFO_MAX];
    size_t n = 0;
    assert_int_equal(kdf_info(&id, info, &n, &err), RC_OK);
    struct bytes want =
        unhex(arena, "626f6f74676174652f6b656b2f7631000670696e6e656400080000000000007a69001411"
                     "111111111111111111111111111111111111110014222222222222222222222222222222"
                     "2222222222");
    assert_true(bytes_eq(want, bytes_of(info, n)));
    id.source = NULL;
    assert_int_equal(kdf_info(&id, info, &n, &err), BG_KDF_SOURCE);
    id.source = "a word that is longer than any source";
    err_clear(&err);
    assert_int_equal(kdf_info(&id, info, &n, &err), BG_KDF_SOURCE);
}

static void every_part_of_an_identity_changes_the_key(void **state)
{
    (void)state;
    struct secret *seed = counting_seed();
    struct kdf_identity id = identity(31337, 0x11, 0x22);
    struct secret *first = key_of(seed, NULL, &id);
    for (size_t bit = 0; bit < 8 * (8 + 20 + 20 + 32); bit++) {
        struct kdf_identity other = id;
        struct secret *other_seed = counting_seed();
        uint8_t mask = (uint8_t)(1u << bit % 8);
        size_t at = bit / 8;
        if (at < 8)
            other.chain_id ^= UINT64_C(1) << bit;
        else if (at < 28)
            other.kms_contract[at - 8] ^= mask;
        else if (at < 48)
            other.app_id[at - 28] ^= mask;
        else
            secret_data(other_seed)[at - 48] ^= mask;
        struct secret *key = key_of(other_seed, NULL, &other);
        CASE("bit", memcmp(secret_data(key), secret_data(first), KDF_KEY) != 0, "bit %zu", bit);
        secret_free(key);
        secret_free(other_seed);
    }
    struct kdf_identity other = id;
    other.source = "ethereum";
    struct secret *key = key_of(seed, NULL, &other);
    CASE("source", memcmp(secret_data(key), secret_data(first), KDF_KEY) != 0, "same key");
    secret_free(key);
    secret_free(first);
    secret_free(seed);
}

static struct bytes wrapped(struct secret *key, const struct kdf_identity *id, const char *text)
{
    struct err err = {0};
    struct bytes file = BYTES_NONE;
    struct secret *plain = secret_of(text, strlen(text));
    assert_int_equal(wrap_seal(arena, key, id, plain, &file, &err), RC_OK);
    assert_int_equal(file.n, strlen(text) + WRAP_OVERHEAD);
    secret_free(plain);
    return file;
}

static enum rc opened(struct secret *key, const struct kdf_identity *id, struct bytes file)
{
    struct err err = {0};
    struct secret *out = NULL;
    enum rc rc = wrap_open(key, id, file, &out, &err);
    assert_true((rc == RC_OK) == (out != NULL));
    secret_free(out);
    return rc;
}

static void a_wrapped_secret_opens_for_its_identity_only(void **state)
{
    (void)state;
    struct secret *seed = counting_seed(), *out = NULL;
    struct kdf_identity id = identity(31337, 0x11, 0x22), other = identity(31337, 0x11, 0x23);
    struct secret *key = key_of(seed, NULL, &id), *other_key = key_of(seed, NULL, &other);
    struct bytes file = wrapped(key, &id, "a disk's passphrase");
    struct err err = {0};
    assert_int_equal(wrap_open(key, &id, file, &out, &err), RC_OK);
    assert_true(bytes_eq_str(bytes_of(secret_data(out), secret_len(out)), "a disk's passphrase"));
    secret_free(out);
    /* Neither the key alone nor the identity alone. */
    assert_int_equal(opened(other_key, &other, file), BG_WRAP_OPEN);
    assert_int_equal(opened(other_key, &id, file), BG_WRAP_OPEN);
    assert_int_equal(opened(key, &other, file), BG_WRAP_OPEN);
    struct bytes again = wrapped(key, &id, "a disk's passphrase");
    assert_false(bytes_eq(file, again)); /* another nonce */
    secret_free(other_key);
    secret_free(key);
    secret_free(seed);
}

static void no_changed_byte_of_a_wrapped_secret_opens(void **state)
{
    (void)state;
    struct secret *seed = counting_seed();
    struct kdf_identity id = identity(1, 0x01, 0x02);
    struct secret *key = key_of(seed, NULL, &id);
    struct bytes file = wrapped(key, &id, "secret");
    struct err err = {0};
    uint8_t *copy = arena_copy(arena, file, &err);
    assert_non_null(copy);
    for (size_t i = 0; i < file.n; i++)
        for (unsigned m = 0; m < 3; m++) {
            uint8_t mask = (uint8_t[]){0x01, 0x80, 0xff}[m];
            copy[i] ^= mask;
            enum rc rc = opened(key, &id, bytes_of(copy, file.n));
            CASE("flip", rc == (i < 16 ? BG_WRAP_FORMAT : BG_WRAP_OPEN), "byte %zu: %d", i,
                 (int)rc);
            copy[i] ^= mask;
        }
    for (size_t n = 0; n < file.n; n++) {
        enum rc rc = opened(key, &id, bytes_of(copy, n));
        CASE("cut", rc == (n <= WRAP_OVERHEAD ? BG_WRAP_FORMAT : BG_WRAP_OPEN), "%zu bytes: %d", n,
             (int)rc);
    }
    assert_int_equal(opened(key, &id, file), RC_OK);
    secret_free(key);
    secret_free(seed);
}

static void sizes_of_wrapped_secrets_are_bounded(void **state)
{
    (void)state;
    struct err err = {0};
    struct secret *seed = counting_seed();
    struct kdf_identity id = identity(1, 0x01, 0x02);
    struct secret *key = key_of(seed, NULL, &id), *big = secret_new(WRAP_SECRET_MAX, &err);
    struct bytes file = BYTES_NONE;
    assert_non_null(big);
    assert_int_equal(wrap_seal(arena, key, &id, big, &file, &err), RC_OK);
    assert_int_equal(opened(key, &id, file), RC_OK);
    secret_free(big);
    big = secret_new(WRAP_SECRET_MAX + 1, &err);
    assert_non_null(big);
    assert_int_equal(wrap_seal(arena, key, &id, big, &file, &err), BG_WRAP_SIZE);
    uint8_t *more = arena_alloc(arena, file.n + 1, &(struct err){0});
    assert_non_null(more);
    memcpy(more, file.p, file.n);
    assert_int_equal(opened(key, &id, bytes_of(more, file.n + 1)), BG_WRAP_FORMAT);
    secret_free(big);
    secret_free(key);
    secret_free(seed);
}

static enum rc share(const char *path, size_t *n)
{
    struct secret *s = NULL;
    struct err err = {0};
    enum rc rc = kdf_share_read(path, &s, &err);
    *n = s ? secret_len(s) : 0;
    secret_free(s);
    return rc;
}

static void a_second_share_that_is_not_right_is_refused(void **state)
{
    (void)state;
    char dir[] = "/tmp/bootgate-key.XXXXXX", path[64], link_path[64];
    static const uint8_t bytes[KDF_SHARE_MAX + 1];
    static const struct {
        size_t n;
        mode_t mode;
        enum rc rc;
    } v[] = {{32, 0400, RC_OK},          {1024, 0600, RC_OK},     {31, 0400, BG_KDF_SHARE},
             {1025, 0400, BG_KDF_SHARE}, {0, 0400, BG_KDF_SHARE}, {32, 0440, BG_KDF_SHARE},
             {32, 0404, BG_KDF_SHARE},   {32, 0602, BG_KDF_SHARE}};
    size_t n = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/share", dir);
    snprintf(link_path, sizeof link_path, "%s/link", dir);
    assert_int_equal(share(path, &n), BG_KDF_SHARE);
    assert_int_equal(share(dir, &n), BG_KDF_SHARE);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        assert_true(fd >= 0 && write(fd, bytes, v[i].n) == (ssize_t)v[i].n);
        assert_int_equal(fchmod(fd, v[i].mode), 0);
        close(fd);
        enum rc rc = share(path, &n);
        CASE("share", rc == v[i].rc && n == (rc == RC_OK ? v[i].n : 0), "case %zu: %d", i, (int)rc);
        assert_int_equal(symlink(path, link_path), 0);
        CASE("link", share(link_path, &n) == BG_KDF_SHARE, "case %zu", i);
        unlink(link_path);
        unlink(path);
    }
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(share(path, &n), BG_KDF_SHARE);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    arena = arena_new(1 << 22);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_an_independent_hkdf),
        cmocka_unit_test(the_info_is_laid_out_as_documented),
        cmocka_unit_test(every_part_of_an_identity_changes_the_key),
        cmocka_unit_test(a_wrapped_secret_opens_for_its_identity_only),
        cmocka_unit_test(no_changed_byte_of_a_wrapped_secret_opens),
        cmocka_unit_test(sizes_of_wrapped_secrets_are_bounded),
        cmocka_unit_test(a_second_share_that_is_not_right_is_refused),
    };
    int rc = HARNESS_RUN("key", tests);
    arena_free(arena);
    return rc;
}
