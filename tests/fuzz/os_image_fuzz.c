/* os_image: vm_config text against a TD of zeros: it can be host-stated, it can never be proven. */
#include <stdlib.h>

#include "quote/dstack.h"
#include "quote/evlog_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct td_body td;
    static const struct evlog log;
    struct arena *a = arena_new(16u << 20);
    struct os_image im = {0};
    struct err err = {0};
    enum rc rc = os_image_check(a, bytes_of(p, n), &td, &log, false, &im, &err);
    if (im.proven || (rc == RC_OK) != (err.rc == RC_OK))
        abort();
    uint8_t id[48] = {3};
    bool known;
    err_clear(&err);
    if (mr_config_check(id, BYTES_NONE, BYTES_NONE, bytes_of(p, n), bytes_of(p, n), &known, &err) ==
            RC_OK &&
        known)
        abort();
    arena_free(a);
    return 0;
}
