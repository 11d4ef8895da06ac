/* tpm_blob: a sealed seed's file. What is read is written back to the same bytes. */
#include <stdlib.h>

#include "agent/tpm_blob.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct tpm_blob b = {0};
    struct err err = {0};
    uint8_t again[TPM_BLOB_MAX];
    size_t len = 0;
    if (n > TPM_BLOB_MAX)
        return 0;
    if (tpm_blob_read(bytes_of(p, n), &b, &err) == RC_OK) {
        if (!tpm_blob_write(&b, again, &len) || !bytes_eq(bytes_of(p, n), bytes_of(again, len)))
            abort();
    } else if (b.private_part.n || err.rc == RC_OK) {
        abort();
    }
    return 0;
}
