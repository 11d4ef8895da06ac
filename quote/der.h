/*
 * der: a strict reader of DER (X.690, section 10) on a cursor, for the few structures we read:
 * single-byte tags, definite minimal lengths, nothing else. Errors stick to the cursor
 * (base/cur.h). NOT checked: the order of a SET OF, the characters of strings, defaults written
 * out.
 */
#ifndef BOOTGATE_QUOTE_DER_H
#define BOOTGATE_QUOTE_DER_H

#include "base/cur.h"

enum der_tag { /* X.690 section 8.1.2, X.680 section 8.6 */
               DER_BOOLEAN = 0x01,
               DER_INTEGER = 0x02,
               DER_BIT_STRING = 0x03,
               DER_OCTET_STRING = 0x04,
               DER_OID = 0x06,
               DER_ENUMERATED = 0x0a,
               DER_UTF8_STRING = 0x0c,
               DER_PRINTABLE_STRING = 0x13,
               DER_UTC_TIME = 0x17,
               DER_GENERALIZED_TIME = 0x18,
               DER_SEQUENCE = 0x30,
               DER_SET = 0x31,
               DER_CONTEXT_0 = 0xa0, /* constructed */
               DER_CONTEXT_3 = 0xa3,
};

/* der_any reads one element: its tag, content and whole encoding. False (and bad): no such thing.
 */
bool der_any(struct cur *c, uint8_t *out_tag, struct bytes *out_content, struct bytes *out_whole);
/* der_take returns the content of the next element, which must have this tag. */
struct bytes der_take(struct cur *c, uint8_t tag);
/* der_whole: the same, with its header. */
struct bytes der_whole(struct cur *c, uint8_t tag);
/* der_sub: the content as a cursor of its own; bad when the parent is. */
struct cur der_sub(struct cur *c, uint8_t tag);
/* der_is: the next element has this tag. Reads nothing. */
bool der_is(const struct cur *c, uint8_t tag);
/* der_uint: a non-negative INTEGER (or ENUMERATED) of minimal form, at most max. */
uint64_t der_uint(struct cur *c, uint8_t tag, uint64_t max);
/* der_integer: content of an INTEGER of minimal form (X.690 section 8.3.2), any sign and size. */
struct bytes der_integer(struct cur *c);
/* der_oid: content of an OBJECT IDENTIFIER of minimal form (X.690 section 8.19). */
struct bytes der_oid(struct cur *c);
/* der_bool: BOOLEAN, 00 or ff. */
bool der_bool(struct cur *c);
/* der_bits: a BIT STRING of whole octets. */
struct bytes der_bits(struct cur *c);
/* der_time: UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5; Unix seconds. */
uint64_t der_time(struct cur *c);

#endif
