/*
 * checkpoint: signed documents. What is read is written and read as the same; nobody's signature is
 * there by chance; and with one of ours added a document is good exactly when all else of it is.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "policy/beacon/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t secret[32] = {1, 2, 3};
/* secret * G, by another implementation. */
static const uint8_t key[1][CHECKPOINT_KEY] = {
    {0x02, 0x7a, 0x61, 0xc5, 0x88, 0xfd, 0x35, 0x7d, 0x8e, 0xd5, 0x8f,
     0x62, 0x4f, 0xa7, 0xf9, 0x7a, 0x65, 0x1d, 0x1a, 0xc0, 0x0b, 0x53,
     0xb0, 0x55, 0xe9, 0xb8, 0x52, 0x50, 0x7d, 0xd3, 0x19, 0xa3, 0xd4}};

static void same_again(const struct checkpoint_doc *d)
{
    struct checkpoint_doc again;
    struct err err = {0};
    AUTO_JSON j = checkpoint_to_json(d);
    char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
    AUTO_JSON back = NULL;
    if (!text || json_read(bytes_of_str(text), LIMIT_FILE, &back, &err) != RC_OK ||
        checkpoint_read(back, &again, &err) != RC_OK || memcmp(d, &again, sizeof again) != 0)
        abort();
    free(text);
}

static bool has_key(const struct checkpoint_doc *d)
{
    for (size_t i = 0; i < d->num_signatures; i++)
        if (memcmp(d->signatures[i].key, key[0], CHECKPOINT_KEY) == 0)
            return true;
    return false;
}

static void judge(struct checkpoint_doc *d, const struct beacon_network *network)
{
    static const struct checkpoint_signers us = {key, 1, 1};
    struct checkpoint_ok ok;
    struct err err = {0};
    enum rc rc = checkpoint_verify(d, network, &us, 0, d->issued, &ok, &err);
    if (rc == RC_OK)
        abort();
    err_clear(&err);
    bool good = checkpoint_check(d, network, 0, d->issued, &err) == RC_OK;
    if (good && !has_key(d) && rc != BG_CHECKPOINT_THRESHOLD)
        abort();
    err_clear(&err);
    if (checkpoint_sign(d, secret, &err) != RC_OK)
        return;
    err_clear(&err);
    rc = checkpoint_verify(d, network, &us, 0, d->issued, &ok, &err);
    if ((rc == RC_OK) != good || (good && (ok.signed_by != 1 || ok.checkpoint.slot != d->slot)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    AUTO_JSON j = NULL;
    struct checkpoint_doc d, signed_by_us;
    struct err err = {0};
    const struct beacon_network *network;
    if (json_read(bytes_of(data, n), LIMIT_CONFIG, &j, &err) != RC_OK ||
        checkpoint_read(j, &d, &err) != RC_OK)
        return 0;
    same_again(&d);
    for (size_t i = 0; (network = beacon_network_at(i)); i++) {
        signed_by_us = d;
        judge(&signed_by_us, network);
    }
    return 0;
}
