#include "agent/release.h"

#include <openssl/crypto.h>

#include "agent/boot_log.h"
#include "agent/build.h"
#include "agent/clock.h"
#include "agent/file.h"
#include "agent/guest/own.h"
#include "agent/measured.h"
#include "agent/sandbox.h"
#include "agent/tpm_attest_boot.h"
#include "agent/wrap.h"
#include "base/hash.h"

#define TPM_REQUEST_MS 30000u
/* For the record of a decision that ran out of time: the TPM has this much longer. */
#define TPM_GRACE_MS 5000u
#define APPROVAL     96u

static enum rc read_config(struct release *r, bool boot, struct err *err)
{
    struct bytes text = BYTES_NONE;
    const struct cli *cli = r->cli;
    if (boot && !build_boot_takes_options) {
        if (cli->given)
            return err_set(err, BG_BOOT_OPTION, "%s", build_boot_config);
        r->measured = true;
        TRY(measured_read(r->a, build_boot_config, &text, err));
        TRY(config_read(r->a, text, build_boot_config, &r->config, err));
    } else {
        if (boot && !cli->config)
            return err_set(err, BG_BOOT_NO_CONFIG, "%s", "--config");
        TRY(config_load(r->a, cli->config, &r->config, err));
    }
    r->config.guest.root = cli->guest_root;
    config_strict(&r->config, &build_tcb_minimum);
    if (r->config.guest.measure == MEASURE_PREDICT)
        return err_set(err, BG_PREDICT_BOOT, "%s", boot ? "boot" : "seal");
    if (r->config.chain.source == CHAIN_SOURCE_NONE || !r->config.release)
        return err_set(err, BG_RELEASE_NOT_CONFIGURED, "%s is missing",
                       r->config.release ? "chain" : "release");
    return RC_OK;
}

static bool runs_a_command(const struct release_config *c)
{
    for (size_t i = 0; i < c->num_targets; i++)
        if (c->targets[i].type == TARGET_EXEC)
            return true;
    return false;
}

enum rc release_begin(struct release *r, struct arena *a, const struct cli *cli, bool boot,
                      struct err *err)
{
    *r = (struct release){.a = a, .cli = cli, .watch.signal_fd = -1};
    r->now = cli->given & OPT_AT ? cli->at : clock_now();
    TRY(watch_open(&r->watch, UINT64_MAX, err));
    TRY(read_config(r, boot, err));
    r->watch.deadline_ms = clock_ms() + r->config.release->deadline_s * UINT64_C(1000);
    return sandbox_gate(runs_a_command(r->config.release), err);
}

/* read_trust: a file that says whom to believe: for `boot`, of the measured image like the
 * configuration that names it (DESIGN section 3). */
static enum rc read_trust(struct release *r, const char *path, enum rc too_large, struct bytes *out,
                          struct err *err)
{
    return r->measured ? measured_file(r->a, path, TPM_EK_FILE_MAX, too_large, out, err)
                       : file_read(r->a, path, TPM_EK_FILE_MAX, too_large, out, err);
}

/* attest: nothing else is asked of a TPM of class `attested` before it has shown what it is. */
static enum rc attest(struct release *r, struct err *err)
{
    const struct release_config *c = r->config.release;
    struct tpm_ek_trust trust = {.now = r->now};
    TRY(read_trust(r, c->ek_ca, BG_TPM_EK_CA_SIZE, &trust.ca, err));
    if (c->ek_crl)
        TRY(read_trust(r, c->ek_crl, BG_TPM_EK_CRL_SIZE, &trust.crl, err));
    /* A file that is there and empty is no list; none is asked for only where none is named. */
    trust.with_crl = c->ek_crl != NULL;
    return tpm_attest_run(r->a, r->tpm, &trust, &r->watch, &r->facts, err);
}

/* about_tpm: what the verdict says of it. */
static void about_tpm(struct release *r)
{
    bool attested = r->config.release->tpm.cls == TPM_CLASS_ATTESTED;
    r->seen = (struct report_tpm){.cls = attested ? "attested" : "host",
                                  .srk = r->facts.srk_attested ? "attested"
                                         : r->facts.srk_pinned ? "pinned"
                                                               : "unpinned",
                                  .floor_binds = attested};
}

enum rc release_tpm(struct release *r, struct err *err)
{
    const struct release_config *c = r->config.release;
    struct tpm_config t = c->tpm;
    if (r->cli->tcti)
        t.tcti = r->cli->tcti;
    /* What a second share is for: a TPM of the host alone gives no key. */
    t.accept_host_tpm = t.accept_host_tpm || c->second_share != NULL;
    t.request_ms = TPM_REQUEST_MS;
    TRY(tpm_start(&t, r->watch.deadline_ms + TPM_GRACE_MS, &r->tpm, &r->facts, err));
    if (t.cls == TPM_CLASS_ATTESTED)
        TRY(attest(r, err));
    about_tpm(r);
    return RC_OK;
}

void release_shut(struct release *r)
{
    struct err ignored = {0};
    if (r->tpm)
        (void)!tpm_gate_close(r->tpm, &ignored);
}

enum rc release_boot_log(struct release *r, struct err *err)
{
    return boot_log_check(r->a, r->config.release, r->tpm, &r->watch, &r->seen.boot_log, err);
}

static enum rc read_approval(struct release *r, struct tpm_approval *out, struct err *err)
{
    struct bytes b = BYTES_NONE;
    TRY(file_read(r->a, r->config.release->approval, APPROVAL, BG_RELEASE_APPROVAL_SIZE, &b, err));
    if (b.n != APPROVAL)
        return err_set(err, BG_RELEASE_APPROVAL, "%zu bytes", b.n);
    memcpy(out->policy, b.p, sizeof out->policy);
    memcpy(out->signature, b.p + sizeof out->policy, sizeof out->signature);
    return RC_OK;
}

enum rc release_unseal(struct release *r, struct err *err)
{
    const struct release_config *c = r->config.release;
    struct tpm_approval approval = {0};
    struct bytes blob = BYTES_NONE;
    TRY(file_read(r->a, c->blob, TPM_BLOB_MAX, BG_RELEASE_BLOB_SIZE, &blob, err));
    if (c->tpm.authorize)
        TRY(read_approval(r, &approval, err));
    return tpm_unseal(r->tpm, blob, c->tpm.authorize ? &approval : NULL, &r->seed, err);
}

enum rc release_take(struct release *r, struct err *err)
{
    struct err door = {0};
    enum rc taken = release_boot_log(r, err);
    if (taken == RC_OK)
        taken = release_unseal(r, err);
    /* Also when there is no seed for us: nobody after us is to try. */
    enum rc shut = tpm_gate_close(r->tpm, &door);
    TRY(taken);
    if (shut != RC_OK)
        *err = door;
    return shut;
}

/* collect_and_decide: a register that moved between quote and TDREPORT is no lie yet: both are
 * taken again (DESIGN section 3). */
static enum rc collect_and_decide(struct release *r, const struct store_files *stored,
                                  struct decided *out, struct err *err)
{
    struct collected got;
    struct decision_input in = {.config = &r->config,
                                .stored = stored,
                                .tpm = &r->seen,
                                .time = &r->time,
                                .collected = &got};
    /* Only the test build's boot can be given files. */
    if (build_boot_takes_options && (r->cli->num_args || r->cli->bundle)) {
        in.collected = NULL;
        return decision_run(r->a, r->cli, &in, &r->watch, out, err);
    }
    if (r->config.guest.measure == MEASURE_OWN)
        TRY(own_run(r->a, &r->config, &r->watch, err));
    for (unsigned i = 1;; i++) {
        enum rc rc = collect_run(r->a, &r->config, &r->watch, &got, err);
        if (rc == RC_OK)
            TRY(decision_run(r->a, r->cli, &in, &r->watch, out, err));
        if (i == COLLECT_TRIES || !collect_moved(rc ? rc : (enum rc)out->decision.code))
            return rc;
        err_clear(err);
    }
}

/* read_floor: a configured floor that can't be read is a refusal: whoever can hide it could go
 * below it. */
static enum rc read_floor(struct release *r, struct err *err)
{
    struct tpm_floor floor;
    if (!r->config.release->tpm.floor_index)
        return RC_OK;
    TRY(floor_key(&r->config, r->seed, &r->floor_key, err));
    TRY(tpm_floor_read(r->tpm, r->floor_key, &floor, err));
    r->seen.has_floor = true;
    r->seen.floor_position = floor.position;
    r->seen.floor_checkpoint = floor.checkpoint;
    return RC_OK;
}

static enum rc decide(struct release *r, struct err *err)
{
    struct decided d = {0};
    struct store_files stored = {BYTES_NONE, BYTES_NONE, BYTES_NONE};
    const struct config *c = &r->config;
    TRY(read_floor(r, err));
    if (c->store)
        TRY(store_load(r->a, c->store, store_kind_of(c), &stored, &r->stored, err));
    TRY(authtime_ask(r->a, &c->guest, &r->watch, &r->time, err));
    TRY(collect_and_decide(r, &stored, &d, err));
    if (!decision_answers(c, &d.decision))
        return err_set(err, BG_RELEASE_OTHER_QUESTION, "chain %llu",
                       (unsigned long long)d.decision.chain_id);
    r->decision = d.decision;
    r->report = d.report;
    r->floor = d.floor;
    /* Before a key is out: the next boot is to know how far this one saw. A disk that is full is
     * no reason not to boot: whoever owns it can take the store away altogether. */
    if (c->store)
        (void)!store_save(c->store, store_kind_of(c), &d.keep, &r->stored);
    return RC_OK;
}

/* extend_verdict: before the key is let out, so that no key is out without a trace of why. */
static enum rc extend_verdict(struct release *r, struct err *err)
{
    uint8_t record[DECISION_RECORD], digest[SHA384_LEN];
    size_t n = tpm_bank_len(r->config.release->tpm.bank);
    decision_encode(&r->decision, record);
    if (n == SHA384_LEN)
        hash_sha384(BYTES_OF_ARRAY(record), digest);
    else
        hash_sha256(BYTES_OF_ARRAY(record), digest);
    return tpm_gate_extend(r->tpm, digest, n, err);
}

enum rc release_decide(struct release *r, struct err *err)
{
    struct err later = {0};
    enum rc rc = decide(r, err);
    if (rc != RC_OK)
        decision_failed(&r->config, r->now, rc, &r->decision);
    enum rc extended = extend_verdict(r, &later);
    /* After the store is on disk, before a key is out: a floor that can't be raised is no floor. */
    if (rc == RC_OK && extended == RC_OK && r->decision.allow && r->floor_key)
        extended = tpm_floor_raise(r->tpm, r->floor_key, &r->floor, &later);
    r->floor_key = secret_free(r->floor_key);
    r->tpm = tpm_stop(r->tpm);
    TRY(rc);
    if (extended != RC_OK)
        *err = later;
    return extended;
}

struct kdf_identity release_identity(const struct config *c, const uint8_t app_id[static 20])
{
    struct kdf_identity id = {.chain_id = c->chain.chain_id};
    /* By the word, so that a source without one has no key. */
    id.source = config_source_name(c->chain.source);
    memcpy(id.kms_contract, c->chain.kms_contract, sizeof id.kms_contract);
    memcpy(id.app_id, app_id, sizeof id.app_id);
    if (c->chain.source == CHAIN_NEAR) {
        id.network_id = c->near.network_id;
        id.contract_id = c->near.client.contract_id;
        id.app_account = c->near.client.app_account;
    }
    return id;
}

/* what_leaves: the key, or the secret that is wrapped under it. */
static enum rc what_leaves(struct release *r, struct secret **out, struct err *err)
{
    const struct release_config *c = r->config.release;
    struct kdf_identity id = release_identity(&r->config, r->decision.app_id);
    AUTO_SECRET share = NULL;
    AUTO_SECRET key = NULL;
    struct bytes file = BYTES_NONE;
    if (c->second_share)
        TRY(kdf_share_read(c->second_share, &share, err));
    TRY(kdf_key(r->seed, share, &id, &key, err));
    r->seed = secret_free(r->seed);
    if (!c->wrapped) {
        *out = key;
        key = NULL;
        return RC_OK;
    }
    TRY(file_read(r->a, c->wrapped, WRAP_FILE_MAX, BG_RELEASE_WRAPPED_SIZE, &file, err));
    return wrap_open(key, &id, file, out, err);
}

enum rc release_let_out(struct release *r, struct err *err)
{
    const struct release_config *c = r->config.release;
    AUTO_SECRET leaving = NULL;
    enum rc rc = what_leaves(r, &leaving, err);
    if (rc == RC_OK)
        rc = targets_write(c->targets, c->num_targets, leaving, &r->watch, err);
    return rc;
}

void release_end(struct release *r)
{
    r->seed = secret_free(r->seed);
    r->floor_key = secret_free(r->floor_key);
    r->tpm = tpm_stop(r->tpm);
    watch_close(&r->watch);
}
