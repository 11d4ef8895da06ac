/* local_report: a TDREPORT. Only 1024 bytes are one; what is accepted equals itself, and its hashes
 * cannot be met by chance, so the input is also tried with the hashes made right. */
#include <stdlib.h>

#include "base/hash.h"
#include "quote/local_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool one(struct bytes raw)
{
    struct local_report r = {0};
    struct local_difference d;
    struct err err = {0};
    if (local_report_parse(raw, &r, &err) != RC_OK) {
        if (r.td.td15 || err.rc == RC_OK)
            abort();
        return false;
    }
    if (raw.n != LOCAL_REPORT_SIZE || !r.td.td15 || r.version > 1 ||
        local_report_compare(&r, &r.td, &d, &err) != RC_OK || d.n)
        abort();
    r.td.mr_td[0] ^= 1;
    struct td_body q = r.td;
    q.mr_td[0] ^= 1;
    if (local_report_compare(&r, &q, &d, &err) != BG_LOCAL_REPORT_DIFFERS || d.n != 1)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    uint8_t r[LOCAL_REPORT_SIZE];
    one(bytes_of(p, n));
    memset(r, 0, sizeof r);
    if (n)
        memcpy(r, p, n < sizeof r ? n : sizeof r);
    hash_sha384(bytes_of(r + 256, 239), r + 32);
    hash_sha384(bytes_of(r + 512, 512), r + 80);
    one(BYTES_OF_ARRAY(r));
    return 0;
}
