#include "quote/pck.h"

#include "quote/der.h"

/* 1.2.840.113741.1.13.1: what follows is the member's number (and for the TCB a second one). */
static const uint8_t prefix[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum member { /* profile, section 1.3.5, table of extension members */
              PPID = 1,
              TCB = 2,
              PCEID = 3,
              FMSPC = 4,
              SGX_TYPE = 5,
              PLATFORM_INSTANCE = 6,
              CONFIGURATION = 7,
              PCE_SVN = 17, /* below TCB: 1-16 are the component SVNs */
              CPU_SVN = 18,
};

/* member_of: the number behind the prefix (and `under`, when not 0); 0: another kind of OID. */
static unsigned member_of(struct bytes oid, unsigned under)
{
    struct cur c = cur_of(oid);
    if (!bytes_eq(cur_take(&c, sizeof prefix), BYTES_OF_ARRAY(prefix)))
        return 0;
    if (under && cur_u8(&c) != under)
        return 0;
    unsigned n = cur_u8(&c);
    return cur_done(&c) && n < 0x80 ? n : 0;
}

static void octets(struct cur *c, uint8_t *out, size_t n)
{
    struct bytes b = der_take(c, DER_OCTET_STRING);
    if (b.n != n)
        c->bad = true;
    else
        memcpy(out, b.p, n);
}

/* next opens the next { OID, value } pair and notes its member number, each once. */
static unsigned next(struct cur *list, struct cur *pair, unsigned under, uint32_t *seen)
{
    *pair = der_sub(list, DER_SEQUENCE);
    unsigned m = member_of(der_oid(pair), under);
    if (m > 18 || (m && *seen & 1u << m))
        list->bad = true; /* twice: which one holds is anybody's guess */
    if (list->bad || m == 0)
        return 0;
    *seen |= 1u << m;
    return m;
}

static bool read_tcb(struct cur list, struct pck_tcb *out)
{
    uint32_t seen = 0;
    while (!list.bad && cur_left(&list)) {
        struct cur pair;
        unsigned m = next(&list, &pair, TCB, &seen);
        if (m >= 1 && m <= 16)
            out->comp_svn[m - 1] = (uint8_t)der_uint(&pair, DER_INTEGER, UINT8_MAX);
        else if (m == PCE_SVN)
            out->pce_svn = (uint16_t)der_uint(&pair, DER_INTEGER, UINT16_MAX);
        else if (m == CPU_SVN)
            octets(&pair, out->cpu_svn, sizeof out->cpu_svn);
        if (m == 0 || !cur_done(&pair))
            return false;
    }
    return cur_done(&list) && seen == 0x7fffe; /* bits 1 to 18 */
}

/* Configuration ::= SEQUENCE OF { OID, BOOLEAN }: shape only, nothing of ours depends on it. */
static bool read_configuration(struct cur list)
{
    uint32_t seen = 0;
    while (!list.bad && cur_left(&list)) {
        struct cur pair;
        unsigned m = next(&list, &pair, CONFIGURATION, &seen);
        (void)der_bool(&pair);
        if (m == 0 || !cur_done(&pair))
            return false;
    }
    return cur_done(&list);
}

static const char *read_member(struct cur *pair, unsigned member, struct pck_tcb *out)
{
    switch (member) {
    case PPID:
        octets(pair, out->ppid, sizeof out->ppid);
        return pair->bad ? "PPID is not 16 bytes" : NULL;
    case TCB:
        return read_tcb(der_sub(pair, DER_SEQUENCE), out) ? NULL : "malformed TCB member";
    case PCEID:
        octets(pair, out->pce_id, sizeof out->pce_id);
        return pair->bad ? "PCEID is not 2 bytes" : NULL;
    case FMSPC:
        octets(pair, out->fmspc, sizeof out->fmspc);
        return pair->bad ? "FMSPC is not 6 bytes" : NULL;
    case SGX_TYPE:
        out->sgx_type = (int)der_uint(pair, DER_ENUMERATED, 2);
        return pair->bad ? "unknown SGX type" : NULL;
    case PLATFORM_INSTANCE:
        octets(pair, out->instance_id, sizeof out->instance_id);
        out->has_instance_id = true;
        return pair->bad ? "platform instance id is not 16 bytes" : NULL;
    case CONFIGURATION:
        return read_configuration(der_sub(pair, DER_SEQUENCE)) ? NULL : "malformed configuration";
    default:
        return "member that is not in the profile";
    }
}

bool pck_read(struct bytes sgx_extension, struct pck_tcb *out, const char **out_why)
{
    const uint32_t required = 1u << PPID | 1u << TCB | 1u << PCEID | 1u << FMSPC | 1u << SGX_TYPE;
    struct cur c = cur_of(sgx_extension), list = der_sub(&c, DER_SEQUENCE);
    struct pck_tcb tcb = {0};
    uint32_t seen = 0;
    while (!list.bad && cur_left(&list)) {
        struct cur pair;
        unsigned m = next(&list, &pair, 0, &seen);
        *out_why = list.bad ? "a member is malformed or there twice" : read_member(&pair, m, &tcb);
        if (*out_why)
            return false;
        if (!cur_done(&pair)) {
            *out_why = "bytes behind a member";
            return false;
        }
    }
    *out_why = !cur_done(&list) || !cur_done(&c) ? "malformed"
               : (seen & required) != required   ? "a required member is missing"
                                                 : NULL;
    if (*out_why)
        return false;
    *out = tcb;
    return true;
}
