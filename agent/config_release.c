#include "agent/config_release.h"

#include "agent/build.h"
#include "agent/config_parts.h"
#include "base/hex.h"

#define MAX_ARGUMENTS 32u
#define KEY_NAME_MAX  128u
#define KEY_LIFE      300u /* seconds, when the configuration names none */

static enum rc read_pcrs(const json_t *o, struct tpm_config *t, struct err *err)
{
    const json_t *list = json_object_get(o, "boot_pcrs");
    uint64_t gate = 0;
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > 24)
        return config_bad_value(err, "release.tpm.boot_pcrs", "a list of PCR numbers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
        if (n < 0 || n > 23 || (t->boot_pcrs >> n & 1))
            return config_bad_value(err, "release.tpm.boot_pcrs", "PCR numbers, each once");
        t->boot_pcrs |= UINT32_C(1) << n;
    }
    if (!json_u64(o, "gate_pcr", 23, &gate))
        return config_bad_value(err, "release.tpm.gate_pcr", "a PCR number");
    t->gate_pcr = (uint32_t)gate;
    return RC_OK;
}

static enum rc read_authorize(struct arena *a, const json_t *o, struct release_config *c,
                              struct err *err)
{
    static const char *const keys[] = {"key", "version", "approval"};
    TRY(config_only(o, "release.tpm.authorize", keys, 3, err));
    if (!json_hex(o, "key", true, c->tpm.authorize_key, sizeof c->tpm.authorize_key))
        return config_bad_value(err, "release.tpm.authorize.key",
                                "64 bytes of hex: x and y of a P-256 key");
    if (!json_u64(o, "version", INT64_MAX, &c->tpm.authorize_version))
        return config_bad_value(err, "release.tpm.authorize.version", "a number");
    c->tpm.authorize = true;
    return config_path(a, o, "approval", "release.tpm.authorize.approval", &c->approval, err);
}

static enum rc read_version(const json_t *o, struct tpm_config *t, struct err *err)
{
    uint64_t index = 0;
    if (!json_object_get(o, "version_index") && !json_object_get(o, "version_minimum"))
        return RC_OK;
    /* TPM 2.0 Part 2, 13: NV indices are 01xxxxxx. */
    if (!json_u64(o, "version_index", 0x01ffffff, &index) || index < 0x01000000)
        return config_bad_value(err, "release.tpm.version_index",
                                "an NV index, 16777216 to 33554431");
    t->version_index = (uint32_t)index;
    if (json_object_get(o, "version_minimum") &&
        !json_u64(o, "version_minimum", INT64_MAX, &t->version_minimum))
        return config_bad_value(err, "release.tpm.version_minimum", "a number");
    return RC_OK;
}

/* Which ones are allowed, tpm_config_check says. */
static enum rc read_floor(const json_t *o, struct tpm_config *t, struct err *err)
{
    uint64_t index = 0;
    if (!json_object_get(o, "floor_index"))
        return RC_OK;
    if (!json_u64(o, "floor_index", UINT32_MAX, &index) || index == 0)
        return config_bad_value(err, "release.tpm.floor_index",
                                "an NV index, 25165824 to 29360127");
    t->floor_index = (uint32_t)index;
    return RC_OK;
}

static enum rc read_endorsement(struct arena *a, const json_t *o, struct release_config *c,
                                struct err *err)
{
    bool attested = c->tpm.cls == TPM_CLASS_ATTESTED;
    if (!attested && (json_object_get(o, "ek_ca") || json_object_get(o, "ek_crl")))
        return config_bad_value(err, "release.tpm.ek_ca", "left out unless class is attested");
    if (attested)
        TRY(config_path(a, o, "ek_ca", "release.tpm.ek_ca", &c->ek_ca, err));
    if (json_object_get(o, "ek_crl"))
        TRY(config_path(a, o, "ek_crl", "release.tpm.ek_crl", &c->ek_crl, err));
    return RC_OK;
}

static enum rc read_class(const json_t *o, struct tpm_config *t, struct err *err)
{
    struct bytes word = BYTES_NONE;
    if (!json_str(o, "class", &word))
        word = BYTES_NONE;
    t->cls = bytes_eq_str(word, "host")       ? TPM_CLASS_HOST
             : bytes_eq_str(word, "attested") ? TPM_CLASS_ATTESTED
                                              : TPM_CLASS_NONE;
    if (t->cls == TPM_CLASS_NONE)
        return config_bad_value(err, "release.tpm.class", "host or attested");
    if (json_object_get(o, "accept_host_tpm") &&
        !json_bool(o, "accept_host_tpm", &t->accept_host_tpm))
        return config_bad_value(err, "release.tpm.accept_host_tpm", "true or false");
    word = bytes_of_str("sha256");
    if (json_object_get(o, "bank") && !json_str(o, "bank", &word))
        word = BYTES_NONE;
    t->bank = bytes_eq_str(word, "sha256")   ? TPM_BANK_SHA256
              : bytes_eq_str(word, "sha384") ? TPM_BANK_SHA384
                                             : TPM_BANK_NONE;
    if (t->bank == TPM_BANK_NONE)
        return config_bad_value(err, "release.tpm.bank", "sha256 or sha384");
    return RC_OK;
}

static enum rc read_boot_log(const json_t *o, struct release_config *c, struct err *err)
{
    struct bytes word = bytes_of_str("required");
    if (json_object_get(o, "boot_log") && !json_str(o, "boot_log", &word))
        word = BYTES_NONE;
    c->no_boot_log = bytes_eq_str(word, "none");
    if (!c->no_boot_log && !bytes_eq_str(word, "required"))
        return config_bad_value(err, "release.tpm.boot_log", "required or none");
    return RC_OK;
}

static enum rc read_tpm(struct arena *a, const json_t *o, struct release_config *c, struct err *err)
{
    /* The last one is not there in the release build: its TPM is the device. */
    static const char *const keys[] = {
        "class",       "accept_host_tpm", "bank",          "boot_pcrs",       "gate_pcr",
        "blob",        "srk_name",        "version_index", "version_minimum", "authorize",
        "floor_index", "boot_log",        "ek_ca",         "ek_crl",          "tcti"};
    size_t n = sizeof keys / sizeof *keys - (build_tcti_init ? 0 : 1);
    const json_t *v;
    struct tpm_config *t = &c->tpm;
    TRY(config_only(o, "release.tpm", keys, n, err));
    t->dstack = true;
    TRY(read_class(o, t, err));
    TRY(read_pcrs(o, t, err));
    TRY(read_version(o, t, err));
    TRY(read_floor(o, t, err));
    TRY(read_endorsement(a, o, c, err));
    TRY(read_boot_log(o, c, err));
    TRY(config_path(a, o, "blob", "release.tpm.blob", &c->blob, err));
    if (json_object_get(o, "srk_name")) {
        if (!json_hex(o, "srk_name", true, t->srk_name, sizeof t->srk_name))
            return config_bad_value(err, "release.tpm.srk_name", "34 bytes of hex: a TPM Name");
        t->srk_pinned = true;
    }
    if ((v = json_object_get(o, "tcti"))) {
        if (!json_is_string(v))
            return config_bad_value(err, "release.tpm.tcti", "a string");
        TRY(config_keep(a, json_view(v), &t->tcti, err));
    }
    v = json_object_get(o, "authorize");
    return v ? read_authorize(a, v, c, err) : RC_OK;
}

static enum rc read_argv(struct arena *a, const json_t *o, struct target_config *t, struct err *err)
{
    const json_t *list = json_object_get(o, "argv");
    size_t n = json_array_size(list);
    if (!json_is_array(list) || n == 0 || n > MAX_ARGUMENTS)
        return config_bad_value(err, "release.targets argv", "a list of 1 to 32 strings");
    const char **argv = ARENA_ARRAY(a, const char *, n + 1, err);
    if (!argv)
        return err->rc;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v) || (i == 0 && !config_plain_path(json_view(v))))
            return config_bad_value(err, "release.targets argv",
                                    "strings, the first one an absolute path");
        TRY(config_keep(a, json_view(v), &argv[i], err));
    }
    t->argv = argv;
    return RC_OK;
}

static enum rc read_keyring(struct arena *a, const json_t *o, struct target_config *t,
                            struct err *err)
{
    struct bytes name;
    uint64_t life = KEY_LIFE;
    if (!json_str(o, "name", &name) || name.n == 0 || name.n > KEY_NAME_MAX)
        return config_bad_value(err, "release.targets name", "1 to 128 characters");
    if (json_object_get(o, "timeout_s") && (!json_u64(o, "timeout_s", 86400, &life) || life == 0))
        return config_bad_value(err, "release.targets timeout_s", "1 to 86400 seconds");
    t->timeout_s = (uint32_t)life;
    return config_keep(a, name, &t->name, err);
}

static enum rc read_target(struct arena *a, const json_t *o, struct target_config *t,
                           struct err *err)
{
    static const char *const with_path[] = {"type", "path"}, *const with_argv[] = {"type", "argv"},
                             *const with_name[] = {"type", "name", "timeout_s"};
    struct bytes type = BYTES_NONE;
    if (json_is_object(o) && !json_str(o, "type", &type))
        type = BYTES_NONE;
    if (bytes_eq_str(type, "keyring")) {
        t->type = TARGET_KEYRING;
        TRY(config_only(o, "a keyring target", with_name, 3, err));
        return read_keyring(a, o, t, err);
    }
    if (bytes_eq_str(type, "exec")) {
        t->type = TARGET_EXEC;
        TRY(config_only(o, "an exec target", with_argv, 2, err));
        return read_argv(a, o, t, err);
    }
    if (bytes_eq_str(type, "file"))
        t->type = TARGET_FILE;
    else if (bytes_eq_str(type, "unix"))
        t->type = TARGET_UNIX;
    else
        return config_bad_value(err, "release.targets type", "file, keyring, unix or exec");
    TRY(config_only(o, "a target with a path", with_path, 2, err));
    return config_path(a, o, "path", "release.targets path", &t->path, err);
}

static enum rc read_targets(struct arena *a, const json_t *list, struct release_config *c,
                            struct err *err)
{
    size_t n = json_array_size(list), final = 0;
    if (!json_is_array(list) || n == 0 || n > RELEASE_TARGETS_MAX)
        return config_bad_value(err, "release.targets", "a list of 1 to 4 targets");
    for (size_t i = 0; i < n; i++) {
        TRY(read_target(a, json_array_get(list, i), &c->targets[i], err));
        if (target_is_final(c->targets[i].type))
            final++;
    }
    if (final > 1)
        return config_bad_value(err, "release.targets",
                                "without a second unix or exec: what one was given can't be taken "
                                "back when the other fails");
    c->num_targets = n;
    return RC_OK;
}

enum rc config_release_read(struct arena *a, const json_t *j, struct release_config *out,
                            struct err *err)
{
    static const char *const keys[] = {"tpm", "second_share", "wrapped", "targets", "deadline_s"};
    struct release_config c = {.deadline_s = RELEASE_DEADLINE};
    uint64_t seconds = RELEASE_DEADLINE;
    TRY(config_only(j, "release", keys, sizeof keys / sizeof *keys, err));
    TRY(read_tpm(a, json_object_get(j, "tpm"), &c, err));
    if (json_object_get(j, "second_share"))
        TRY(config_path(a, j, "second_share", "release.second_share", &c.second_share, err));
    if (json_object_get(j, "wrapped"))
        TRY(config_path(a, j, "wrapped", "release.wrapped", &c.wrapped, err));
    TRY(read_targets(a, json_object_get(j, "targets"), &c, err));
    if (json_object_get(j, "deadline_s") &&
        (!json_u64(j, "deadline_s", 3600, &seconds) || seconds == 0))
        return config_bad_value(err, "release.deadline_s", "1 to 3600 seconds");
    c.deadline_s = (uint32_t)seconds;
    *out = c;
    return RC_OK;
}

const char *release_key_protection(const struct release_config *c)
{
    /* A share that comes from elsewhere guards the key whatever the TPM is worth. */
    return c->second_share ? "second-share" : tpm_key_protection(&c->tpm);
}
