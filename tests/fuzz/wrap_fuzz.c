/* Fuzzes the readers of what lies on disk or comes from the deciding process: no wrapped secret
 * opens that was not made with the key, and what is read of a record is what a record of it says.
 */
#include <stdlib.h>

#include "agent/decision.h"
#include "agent/wrap.h"

static void open_wrapped(struct bytes file)
{
    struct err err = {0};
    struct kdf_identity id = {.source = "pinned", .chain_id = 1};
    struct wrapped w;
    struct secret *key = secret_new(KDF_KEY, &err), *out = NULL;
    if (!key)
        return;
    bool readable = wrap_read(file, &w, &err) == RC_OK;
    if (readable && (w.nonce.n != 12 || w.tag.n != 16 || w.ciphertext.n == 0 ||
                     w.ciphertext.n > WRAP_SECRET_MAX || w.ciphertext.n + WRAP_OVERHEAD != file.n))
        abort();
    err_clear(&err);
    if (wrap_open(key, &id, file, &out, &err) == RC_OK || out)
        abort(); /* AES-256-GCM under a key of zeros: nobody finds one by chance */
    if (err.rc != (readable ? BG_WRAP_OPEN : BG_WRAP_FORMAT))
        abort();
    secret_free(key);
}

static void read_record(struct bytes record)
{
    struct decision d;
    uint8_t again[DECISION_RECORD];
    if (!decision_decode(record, &d))
        return;
    decision_encode(&d, again);
    if (!bytes_eq(record, BYTES_OF_ARRAY(again)) || (d.allow && (d.code || d.status)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    open_wrapped(bytes_of(data, size));
    read_record(bytes_of(data, size));
    return 0;
}
