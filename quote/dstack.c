/* dstack: compose hash, app id, MRCONFIGID (dstack-types mr_config.rs; tdx facts 4.3, 4.4). */
#include "quote/dstack.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/keccak.h"
#include "base/limits.h"

void dstack_compose_hash(struct bytes app_compose, uint8_t out[static 32])
{
    hash_sha256(app_compose, out);
}

void dstack_app_id(const uint8_t compose_hash[static 32], uint8_t out[static 20])
{
    memcpy(out, compose_hash, 20);
}

enum mr_config_kind mr_config_kind_of(const uint8_t id[static 48])
{
    if (mem_is_zero(id, 48))
        return MR_CONFIG_ZERO;
    if (!mem_is_zero(id + 33, 15))
        return MR_CONFIG_OTHER;
    return id[0] == 1   ? MR_CONFIG_V1
           : id[0] == 2 ? MR_CONFIG_V2
           : id[0] == 3 ? MR_CONFIG_V3
                        : MR_CONFIG_OTHER;
}

/* dstack-util names the providers in the event, dstack-types in the document. */
static const struct {
    const char *event, *document;
} providers[] = {{"none", "none"}, {"local-sgx", "local"}, {"kms", "kms"}, {"tpm", "tpm"}};

#define NUM_PROVIDERS (sizeof providers / sizeof *providers)
#define PROVIDER_MAX  4096u /* bytes of a key-provider payload; real ones have some 220 */

struct provider {
    size_t kind; /* index into providers: dstack's kind byte */
    uint8_t id[PROVIDER_MAX / 2];
    size_t id_len;
};

/* The key-provider event: {"name":..,"id":hex}. */
static enum rc read_provider(struct bytes text, struct provider *out, struct err *err)
{
    static const char *const keys[] = {"name", "id"};
    AUTO_JSON j = NULL;
    struct err why = {0};
    struct bytes name, id;
    if (json_read(text, PROVIDER_MAX, &j, &why) != RC_OK || !json_only_keys(j, keys, 2, NULL) ||
        !json_str(j, "name", &name) || !json_str(j, "id", &id) || id.n % 2 != 0 ||
        !hex_decode(id, out->id, id.n / 2))
        return err_set(err, BG_KEY_PROVIDER, "%zu bytes %s", text.n, why.detail);
    out->id_len = id.n / 2;
    out->kind = 0;
    while (out->kind < NUM_PROVIDERS && !bytes_eq_str(name, providers[out->kind].event))
        out->kind++;
    if (out->kind == NUM_PROVIDERS)
        return err_set(err, BG_KEY_PROVIDER_NAME, "%.40s",
                       json_string_value(json_object_get(j, "name")));
    return RC_OK;
}

static enum rc differs(const char *what, struct err *err)
{
    return err_set(err, BG_MR_CONFIG_MISMATCH, "%s", what);
}

static enum rc check_v1(const uint8_t id[static 48], struct bytes compose_hash, struct err *err)
{
    if (!bytes_eq(bytes_of(id + 1, 32), compose_hash))
        return differs("version 1: another compose hash than the log's", err);
    return RC_OK;
}

static enum rc check_v2(const uint8_t id[static 48], struct bytes compose_hash, struct bytes app_id,
                        struct bytes key_provider, struct err *err)
{
    struct provider p;
    uint8_t kind, hash[32];
    TRY(read_provider(key_provider, &p, err));
    kind = (uint8_t)p.kind;
    HASH_PARTS(keccak256_parts, hash, compose_hash, app_id, bytes_of(&kind, 1),
               bytes_of(p.id, p.id_len));
    if (memcmp(hash, id + 1, sizeof hash) != 0)
        return differs("version 2: compose hash, app id or key provider are not the log's", err);
    return RC_OK;
}

/* same_hex: an optional member of the document (null: absent) equals the bytes. */
static bool same_hex(const json_t *doc, const char *key, struct bytes want)
{
    uint8_t got[PROVIDER_MAX / 2];
    const json_t *v = json_object_get(doc, key);
    if (!v || json_is_null(v))
        return true;
    return want.n <= sizeof got && json_hex(doc, key, false, got, want.n) &&
           bytes_eq(bytes_of(got, want.n), want);
}

static bool same_provider(const json_t *doc, const struct provider *p)
{
    struct bytes name;
    return json_str(doc, "key_provider", &name) &&
           bytes_eq_str(name, providers[p->kind].document) &&
           same_hex(doc, "key_provider_id", bytes_of(p->id, p->id_len));
}

/* The register binds the document's bytes; the document must then say what the log says. */
static enum rc check_v3(const uint8_t id[static 48], struct bytes compose_hash, struct bytes app_id,
                        struct bytes key_provider, struct bytes document, struct err *err)
{
    static const char domain[] = "dstack-mr-config-v3:"; /* its NUL is hashed too */
    AUTO_JSON doc = NULL;
    struct err why = {0};
    struct provider p;
    uint64_t version = 3;
    uint8_t hash[32];
    HASH_PARTS(hash_sha256_parts, hash, BYTES_OF_ARRAY(domain), document);
    if (memcmp(hash, id + 1, sizeof hash) != 0)
        return differs("version 3: not the hash of the mr_config document", err);
    if (json_read(document, LIMIT_VM_CONFIG, &doc, &why) != RC_OK || !json_is_object(doc))
        return err_set(err, BG_MR_CONFIG_DOCUMENT, "%s", why.detail);
    if ((json_object_get(doc, "version") && !json_u64(doc, "version", 3, &version)) || version != 3)
        return differs("version 3: the document is of another version", err);
    if (!json_object_get(doc, "compose_hash") || !same_hex(doc, "compose_hash", compose_hash))
        return differs("version 3: another compose hash than the log's", err);
    if (!same_hex(doc, "app_id", app_id))
        return differs("version 3: another app id than the log's", err);
    if (key_provider.n) {
        TRY(read_provider(key_provider, &p, err));
        if (!same_provider(doc, &p))
            return differs("version 3: another key provider than the log's", err);
    }
    return RC_OK;
}

enum rc mr_config_check(const uint8_t mr_config_id[static 48], struct bytes compose_hash,
                        struct bytes app_id, struct bytes key_provider_json, struct bytes document,
                        bool *out_known, struct err *err)
{
    enum mr_config_kind kind = mr_config_kind_of(mr_config_id);
    bool known = (kind == MR_CONFIG_V1 && compose_hash.n) ||
                 (kind == MR_CONFIG_V2 && compose_hash.n && app_id.n && key_provider_json.n) ||
                 (kind == MR_CONFIG_V3 && document.n);
    if (known && kind == MR_CONFIG_V1)
        TRY(check_v1(mr_config_id, compose_hash, err));
    else if (known && kind == MR_CONFIG_V2)
        TRY(check_v2(mr_config_id, compose_hash, app_id, key_provider_json, err));
    else if (known)
        TRY(check_v3(mr_config_id, compose_hash, app_id, key_provider_json, document, err));
    *out_known = known;
    return RC_OK;
}
