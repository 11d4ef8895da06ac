/*
 * tpm: the TPM behind a process boundary (DESIGN section 4). A child process owns the TPM; the
 * caller talks to it over one socket pair, waits with a deadline and kills it when that passes: a
 * TPM that does not answer blocks the TSS for ever. What the TPM sends is parsed in the child only.
 *
 *   tpm_start     check the configuration, fork, open the TPM, make the storage key, check its Name
 *   tpm_unseal    the seed, over a salted and encrypted session, into protected memory
 *   tpm_gate_close   gate PCR: zero before, extended with `closed`, read back
 *   tpm_gate_extend  gate PCR: once more, with a digest (the verdict's), read back
 *   tpm_stop      ends the child
 *
 * Any failure leaves the gate unknown: whoever wanted it closed must refuse. After a transport
 * error the child opens the TPM anew for the next request; after its death every request fails.
 */
#ifndef BOOTGATE_AGENT_TPM_H
#define BOOTGATE_AGENT_TPM_H

#include "base/bytes.h"
#include "base/hash.h"
#include "base/secret.h"

#define TPM_SEED_LEN  32
#define TPM_NAME_LEN  34 /* TPM 2.0 Part 1, 16: nameAlg, 2 bytes, and a SHA-256 digest */
#define TPM_PCR_MAX   SHA384_LEN
#define TPM_BOOT_PCRS 16u  /* firmware and loaders use these */
#define TPM_BLOB_MAX  4096 /* a sealed seed's file, bytes */

enum tpm_class {
    TPM_CLASS_NONE = 0,
    TPM_CLASS_HOST,     /* a swtpm of the host: no protection against the host */
    TPM_CLASS_ATTESTED, /* EK and AK chain to a configured CA */
};

enum tpm_bank { TPM_BANK_NONE = 0, TPM_BANK_SHA256, TPM_BANK_SHA384 };

/* struct tpm_config: all of it from measured configuration. Zero is refused, not guessed. */
struct tpm_config {
    enum tpm_class cls;
    bool accept_host_tpm; /* with TPM_CLASS_HOST: said so, or a second share is configured */
    bool dstack;          /* a dstack guest: PCR 14 is taken */
    const char *tcti;     /* NULL: the device. Test build: "swtpm:host=127.0.0.1,port=N" */
    enum tpm_bank bank;
    uint32_t boot_pcrs; /* bit n: PCR n */
    uint32_t gate_pcr;
    bool srk_pinned; /* false: the facts say `unpinned`, and a man in the middle is not excluded */
    uint8_t srk_name[TPM_NAME_LEN];
    uint32_t version_index;     /* NV counter that retires old seeds; 0: none */
    uint64_t version_minimum;   /* the counter may not be below (an older TPM state) */
    uint32_t floor_index;       /* NV index with the floor (agent/tpm_floor.h); 0: none */
    bool authorize;             /* boot PCRs approved by a signature, not by value */
    uint8_t authorize_key[64];  /* P-256 public key, x then y */
    uint64_t authorize_version; /* policyRef: the minimum image version it is signed for */
    unsigned request_ms;        /* longest time for one request; 0: until the deadline */
};

/* struct tpm_approval: who owns authorize_key approves these boot PCRs. Not secret, not trusted. */
struct tpm_approval {
    uint8_t policy[SHA256_LEN]; /* PolicyPCR digest of the boot PCRs (tpm_policy.h) */
    uint8_t signature[64];      /* ECDSA r then s over SHA-256(policy, policyRef) */
};

/* struct tpm_facts: what tpm_start learnt, for the verdict. */
struct tpm_facts {
    uint8_t srk_name[TPM_NAME_LEN];
    bool srk_pinned;
    bool srk_attested; /* tpm_attested */
};

struct tpm;

/* tpm_config_check: the rules that need no TPM; tpm_start calls it first. */
enum rc tpm_config_check(const struct tpm_config *cfg, struct err *err) MUST_CHECK;
/* tpm_key_protection: the verdict's word, "none-against-host". */
const char *tpm_key_protection(const struct tpm_config *cfg);
/* tpm_bank_len: a PCR's bytes in that bank. */
size_t tpm_bank_len(enum tpm_bank bank);

/*
 * tpm_start starts the child and returns when the TPM is open and its storage key is the pinned
 * one. deadline: clock_ms() + budget (agent/clock.h), for all requests. Call it before the caller
 * holds anything secret; children that it forks later must close tpm_fd(). *out is to be stopped;
 * NULL on failure.
 */
enum rc tpm_start(const struct tpm_config *cfg, uint64_t deadline, struct tpm **out,
                  struct tpm_facts *facts, struct err *err) MUST_CHECK;
/*
 * Class `attested`: before anything else is asked, what the TPM says of its endorsement key
 * (tpm_attest.h), for somebody else to verify; and that it is verified: then the TPM proves to hold
 * that key, with its storage key and its boot PCRs. See tpm_attest_run in tpm_attest_boot.h.
 */
enum rc tpm_ek(struct tpm *t, uint8_t out[static TPM_BLOB_MAX], size_t *out_len,
               struct err *err) MUST_CHECK;
enum rc tpm_attested(struct tpm *t, struct tpm_facts *facts, struct err *err) MUST_CHECK;
/* tpm_stop ends the child, killing it if it must. NULL is fine. Always returns NULL. */
struct tpm *tpm_stop(struct tpm *t);

/* tpm_seal makes a blob of the seed (TPM_SEED_LEN bytes) under the configured policy and the boot
 * PCRs as they are. The gate PCR must be zero. out: at least TPM_BLOB_MAX bytes. */
enum rc tpm_seal(struct tpm *t, struct secret *seed, uint8_t out[static TPM_BLOB_MAX],
                 size_t *out_len, struct err *err) MUST_CHECK;
/* tpm_unseal: approval is needed with cfg.authorize, NULL otherwise. *out is the caller's. */
enum rc tpm_unseal(struct tpm *t, struct bytes blob, const struct tpm_approval *approval,
                   struct secret **out, struct err *err) MUST_CHECK;
/* tpm_gate_close extends the gate PCR by SHA("bootgate/gate/closed/v1") in the configured bank.
 * Succeeds only when the PCR was zero before and reads SHA(0.. || digest) after. */
enum rc tpm_gate_close(struct tpm *t, struct err *err) MUST_CHECK;
/* tpm_gate_extend: after tpm_gate_close; n is the bank's length. Read back and compared. */
enum rc tpm_gate_extend(struct tpm *t, const uint8_t *digest, size_t n, struct err *err) MUST_CHECK;
/* tpm_gate_read: the gate PCR now, tpm_bank_len bytes. */
enum rc tpm_gate_read(struct tpm *t, uint8_t out[static TPM_PCR_MAX], struct err *err) MUST_CHECK;
/* tpm_pcrs: PCR 0 to 15 in the configured bank, the rest of each zero. */
enum rc tpm_pcrs(struct tpm *t, uint8_t out[static TPM_BOOT_PCRS][TPM_PCR_MAX],
                 struct err *err) MUST_CHECK;
/* tpm_version_raise defines the counter if it is absent and increments it once: every seed sealed
 * before is retired. Part of provisioning, never of a boot. */
enum rc tpm_version_raise(struct tpm *t, uint64_t *out_value, struct err *err) MUST_CHECK;

/* struct tpm_floor: how far the chain was seen: finalized slot or height, newest signed checkpoint.
 */
struct tpm_floor {
    uint64_t position, checkpoint;
};
#define TPM_FLOOR_AUTH 32u
/* What these need: the index's authorization value, then the SHA-256 of the chain's identity. */
#define TPM_FLOOR_KEY (TPM_FLOOR_AUTH + SHA256_LEN)

/* tpm_floor_define makes the index with `first`; one that is ours already keeps what it has. Part
 * of provisioning, never of a boot. *out: what it holds. */
enum rc tpm_floor_define(struct tpm *t, struct secret *key, const struct tpm_floor *first,
                         struct tpm_floor *out, struct err *err) MUST_CHECK;
/* tpm_floor_read: the floor, if it is of this chain and was made by who had this seed. */
enum rc tpm_floor_read(struct tpm *t, struct secret *key, struct tpm_floor *out,
                       struct err *err) MUST_CHECK;
/* tpm_floor_raise: each number upwards or not at all; what is there then was read back. */
enum rc tpm_floor_raise(struct tpm *t, struct secret *key, const struct tpm_floor *to,
                        struct err *err) MUST_CHECK;

/* tpm_pid: the child's process id, or 0 when it is gone. */
int tpm_pid(const struct tpm *t);
/* tpm_fd: the caller's end of the socket pair, for other children to close. */
int tpm_fd(const struct tpm *t);

#endif
