#include "agent/rules.h"

#include "base/hex.h"
#include "quote/dstack.h"

enum rc rules_app_id(struct arena *a, const struct config *c, const struct boot_info *bi,
                     struct checks *out, struct err *err)
{
    const char *seen = hex_str(a, BYTES_OF_ARRAY(bi->app_id), err);
    if (!seen)
        return err->rc;
    struct check k = {.id = "policy.app_id",
                      .status = CHECK_UNKNOWN,
                      .actual = seen,
                      .source = "config policy.app_id",
                      .hint = "the app id is the host's choice; pin policy.app_id to name the app"};
    if (!c->has_app_id)
        return checks_add(a, out, k, err);
    k.hint = NULL;
    k.expected = hex_str(a, BYTES_OF_ARRAY(c->app_id), err);
    if (!k.expected)
        return err->rc;
    k.status = CHECK_PASS;
    if (memcmp(c->app_id, bi->app_id, sizeof c->app_id) != 0) {
        k.status = CHECK_FAIL;
        k.code = BG_RULE_APP_ID;
    }
    return checks_add(a, out, k, err);
}

static bool acpi_allowed(const struct config *c, const uint8_t digest[static 48])
{
    for (size_t i = 0; i < c->num_acpi; i++)
        if (memcmp(c->acpi[i], digest, 48) == 0)
            return true;
    return false;
}

static enum rc acpi_check(struct arena *a, const struct config *c, const struct os_image *image,
                          struct checks *out, struct err *err)
{
    static const char *const names[] = {"loader", "RSDP", "tables"};
    struct check k = {.id = "policy.acpi",
                      .status = CHECK_UNKNOWN,
                      .source = "config policy.acpi",
                      .hint = "the ACPI tables are the host's; pin their digests in policy.acpi"};
    if (!image->has_acpi && !c->acpi_pinned) {
        k.actual = "not separated from RTMR0 without the image's measurement material";
        return checks_add(a, out, k, err);
    }
    if (!image->has_acpi) {
        k.status = CHECK_FAIL;
        k.code = BG_RULE_ACPI_MISSING;
        k.hint = NULL;
        return checks_add(a, out, k, err);
    }
    for (size_t i = 0; i < 3; i++) {
        const char *digest = hex_str(a, bytes_of(image->acpi[i], 48), err);
        k.actual = digest ? arena_printf(a, err, "%s %s", names[i], digest) : NULL;
        if (!k.actual)
            return err->rc;
        if (c->acpi_pinned && acpi_allowed(c, image->acpi[i])) {
            k.status = CHECK_PASS;
            k.hint = NULL;
        } else if (c->acpi_pinned) {
            k.status = CHECK_FAIL;
            k.code = BG_RULE_ACPI;
            k.hint = NULL;
        }
        TRY(checks_add(a, out, k, err));
    }
    return RC_OK;
}

enum rc rules_image(struct arena *a, const struct config *c, const struct os_image *image,
                    struct checks *out, struct err *err)
{
    struct check k = {.id = "image.proven",
                      .status = image->proven ? CHECK_PASS : CHECK_UNKNOWN,
                      .actual = hex_str(a, BYTES_OF_ARRAY(image->hash), err),
                      .source = "vm_config",
                      .hint = image->proven ? NULL
                                            : "host-stated: nothing ties this hash to the machine; "
                                              "use an image with measurement material"};
    if (!k.actual)
        return err->rc;
    TRY(checks_add(a, out, k, err));
    return acpi_check(a, c, image, out, err);
}

enum rc rules_mr_config(struct arena *a, const struct td_report *td, const struct evlog_facts *log,
                        struct checks *out, struct err *err)
{
    bool known = false;
    struct err why = {0};
    enum rc rc = mr_config_check(td->td.mr_config_id, log->compose_hash, log->app_id,
                                 log->key_provider, BYTES_NONE, &known, &why);
    struct check k = {.id = "td.mr_config_id",
                      .actual = hex_str(a, BYTES_OF_ARRAY(td->td.mr_config_id), err),
                      .source = "event log"};
    if (!k.actual)
        return err->rc;
    if (rc != RC_OK) {
        k.status = CHECK_FAIL;
        k.code = rc;
        k.expected = arena_printf(a, err, "%s", why.detail);
        if (!k.expected)
            return err->rc;
    } else {
        k.status = known ? CHECK_PASS : CHECK_UNKNOWN;
        k.hint = known ? NULL : "this version of MRCONFIGID has nothing to compare with here";
    }
    return checks_add(a, out, k, err);
}

enum rc rules_freshness(struct arena *a, const struct config *c, enum freshness have,
                        struct checks *out, struct err *err)
{
    struct check k = {.id = "policy.require_freshness",
                      .status = CHECK_PASS,
                      .expected = freshness_name(c->require_freshness),
                      .actual = freshness_name(have),
                      .source = "config policy.require_freshness"};
    if (have < c->require_freshness) {
        k.status = CHECK_FAIL;
        k.code = BG_RULE_FRESHNESS;
    }
    return checks_add(a, out, k, err);
}

/* met: what is finalized was attested to before; contracts that ran did so on their final data. */
static bool met(const char *want, const char *have)
{
    return strcmp(want, have) == 0 ||
           (strcmp(want, "attested") == 0 && strcmp(have, "finalized") == 0) ||
           (strcmp(want, "finalized-data") == 0 && strcmp(have, "proof-of-call") == 0);
}

enum rc rules_assurance(struct arena *a, const struct config *c, const char *have,
                        struct checks *out, struct err *err)
{
    struct check k = {.id = "policy.require_assurance",
                      .status = CHECK_PASS,
                      .expected = c->require_assurance ? c->require_assurance : "any",
                      .actual = have,
                      .source = "config policy.require_assurance"};
    if (c->require_assurance && !met(c->require_assurance, have ? have : "")) {
        k.status = CHECK_FAIL;
        k.code = BG_RULE_ASSURANCE;
    }
    return checks_add(a, out, k, err);
}
