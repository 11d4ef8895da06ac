/* dated: the time in which a signed object is good, as it says itself. */
#ifndef BOOTGATE_QUOTE_DATED_H
#define BOOTGATE_QUOTE_DATED_H

#include <stddef.h>
#include <stdint.h>

/* One of each: PCK chain 3, CRL issuer 2, signers of TCB info and QE identity 2 each, two documents
 * and two CRLs; those that are the same in name and dates count once. */
#define DATED_MAX 16u

struct dated {
    const char *what;     /* static: "TCB info", "PCK CRL", .. */
    uint64_t from, until; /* Unix seconds, both inclusive */
};

#endif
