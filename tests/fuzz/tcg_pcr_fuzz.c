/* tcg_pcr: a boot event log in either bank. What is accepted matches itself and nothing else. */
#include <stdlib.h>

#include "quote/tcg_pcr.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    for (uint16_t bank = TCG_SHA256; bank <= TCG_SHA384; bank++) {
        struct tcg_pcrs r = {0};
        struct err err = {0};
        if (tcg_pcr_replay(bytes_of(p, n), bank, &r, &err) != RC_OK) {
            if (r.size || !err.rc)
                abort();
            continue;
        }
        for (unsigned i = 0; i < TCG_PCRS; i++) {
            struct err e1 = {0}, e2 = {0};
            enum rc rc = tcg_pcr_match(&r, 1u << i, r.value, &e1);
            if (rc != RC_OK && r.events[i])
                abort();
            uint8_t other[TCG_PCRS][48] = {{0}};
            memcpy(other, r.value, sizeof other);
            other[i][0] ^= 1;
            if (tcg_pcr_match(&r, 1u << i, other, &e2) == RC_OK)
                abort();
        }
    }
    return 0;
}
