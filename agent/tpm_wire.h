/*
 * tpm_wire: what goes over the socket pair between tpm.c and its child. One message is one packet
 * (SOCK_SEQPACKET): a fixed head and payload_len bytes; any other length is refused. Both ends are
 * one program, forked: the structures are their own encoding.
 */
#ifndef BOOTGATE_AGENT_TPM_WIRE_H
#define BOOTGATE_AGENT_TPM_WIRE_H

#include "agent/tpm.h"

enum tpm_op {
    TPM_OP_NONE = 0,
    TPM_OP_HELLO,
    TPM_OP_SEAL,          /* payload: seed; answer: blob */
    TPM_OP_UNSEAL,        /* payload: blob; answer: seed */
    TPM_OP_GATE_EXTEND,   /* gate: must be the value before; digest */
    TPM_OP_GATE_READ,     /* answer: gate */
    TPM_OP_VERSION_RAISE, /* answer: value */
    TPM_OP_PCRS,          /* answer: PCR 0 to 15, TPM_PCR_MAX bytes each */
    TPM_OP_FLOOR_DEFINE,  /* these three: payload: floor key; floor; answer: floor */
    TPM_OP_FLOOR_READ,
    TPM_OP_FLOOR_RAISE,
    TPM_OP_EK,     /* answer: see tpm_attest.h */
    TPM_OP_ATTEST, /* after TPM_OP_EK */
};

#define TPM_PAYLOAD_MAX TPM_BLOB_MAX

struct tpm_request {
    uint32_t op, payload_len, has_approval;
    uint8_t gate[TPM_PCR_MAX], digest[TPM_PCR_MAX];
    struct tpm_approval approval;
    struct tpm_floor floor;
};

struct tpm_reply {
    struct err err; /* rc RC_OK: done */
    uint32_t payload_len;
    uint64_t value;
    struct tpm_floor floor;
    uint8_t gate[TPM_PCR_MAX];
    uint8_t srk_name[TPM_NAME_LEN];
};

/* tpm_child_serve answers requests on fd until its end; never returns. In the forked child. */
_Noreturn void tpm_child_serve(const struct tpm_config *cfg, int fd, int parent);

#endif
