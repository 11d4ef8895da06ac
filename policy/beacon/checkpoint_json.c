#include "base/hex.h"
#include "policy/beacon/checkpoint.h"

#define SCHEMA 1

static enum rc read_signature(const json_t *e, struct checkpoint_signature *out, size_t at,
                              struct err *err)
{
    static const char *const keys[] = {"key", "signature"};
    if (json_only_keys(e, keys, 2, NULL) && json_hex(e, "key", true, out->key, sizeof out->key) &&
        json_hex(e, "signature", true, out->signature, sizeof out->signature))
        return RC_OK;
    return err_set(err, BG_CHECKPOINT_SIGNATURE_SHAPE, "entry %zu", at);
}

static enum rc read_signatures(const json_t *list, struct checkpoint_doc *d, struct err *err)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n > CHECKPOINT_SIGNERS_MAX)
        return err_set(err, BG_CHECKPOINT_SIGNATURES, "%zu, at most %u", n, CHECKPOINT_SIGNERS_MAX);
    for (size_t i = 0; i < n; i++)
        TRY(read_signature(json_array_get(list, i), &d->signatures[i], i, err));
    d->num_signatures = n;
    return RC_OK;
}

enum rc checkpoint_read(const json_t *j, struct checkpoint_doc *out, struct err *err)
{
    static const char *const keys[] = {"schema",       "genesis_validators_root",
                                       "fork_version", "slot",
                                       "root",         "issued",
                                       "not_after",    "signatures"};
    struct checkpoint_doc d = {0};
    const struct {
        const char *name;
        uint8_t *p;
        size_t n;
    } hex[] = {{"genesis_validators_root", d.genesis_validators_root, 32},
               {"fork_version", d.fork_version, 4},
               {"root", d.root, 32}};
    const struct {
        const char *name;
        uint64_t *v;
    } numbers[] = {{"slot", &d.slot}, {"issued", &d.issued}, {"not_after", &d.not_after}};
    const char *bad = NULL;
    uint64_t schema = 0;
    if (!json_only_keys(j, keys, sizeof keys / sizeof *keys, &bad))
        return err_set(err, BG_CHECKPOINT_MEMBERS, "%s%s", bad ? "unknown: " : "not an object",
                       bad ? bad : "");
    if (!json_u64(j, "schema", SCHEMA, &schema) || schema != SCHEMA)
        return err_set(err, BG_CHECKPOINT_SCHEMA, "%s", "");
    for (size_t i = 0; i < sizeof hex / sizeof *hex; i++)
        if (!json_hex(j, hex[i].name, true, hex[i].p, hex[i].n))
            return err_set(err, BG_CHECKPOINT_HEX, "%s is not %zu bytes of hex", hex[i].name,
                           hex[i].n);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!json_u64(j, numbers[i].name, INT64_MAX, numbers[i].v))
            return err_set(err, BG_CHECKPOINT_NUMBER, "%s", numbers[i].name);
    TRY(read_signatures(json_object_get(j, "signatures"), &d, err));
    *out = d;
    return RC_OK;
}

/* hex_json: "0x.." of at most 64 bytes. */
static json_t *hex_json(const uint8_t *p, size_t n)
{
    char text[2 + 2 * CHECKPOINT_SIGNATURE + 1] = "0x";
    if (n > CHECKPOINT_SIGNATURE)
        return NULL;
    hex_encode(bytes_of(p, n), text + 2);
    return json_string(text);
}

json_t *checkpoint_to_json(const struct checkpoint_doc *d)
{
    json_t *signatures = json_array();
    for (size_t i = 0; signatures && i < d->num_signatures; i++) {
        const struct checkpoint_signature *s = &d->signatures[i];
        if (json_array_append_new(signatures,
                                  json_pack("{s:o, s:o}", "key", hex_json(s->key, sizeof s->key),
                                            "signature",
                                            hex_json(s->signature, sizeof s->signature))) != 0) {
            json_decref(signatures);
            signatures = NULL;
        }
    }
    return json_pack("{s:i, s:o, s:o, s:I, s:o, s:I, s:I, s:o}", "schema", SCHEMA,
                     "genesis_validators_root", hex_json(d->genesis_validators_root, 32),
                     "fork_version", hex_json(d->fork_version, 4), "slot", (json_int_t)d->slot,
                     "root", hex_json(d->root, 32), "issued", (json_int_t)d->issued, "not_after",
                     (json_int_t)d->not_after, "signatures", signatures);
}
