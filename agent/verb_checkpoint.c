/*
 * checkpoint sign|verify|show: signed checkpoints (policy/beacon/checkpoint.h). A checkpoint is a
 * recent beacon block that the light client may start from; whoever signs one vouches for it.
 */
#include <stdlib.h>

#include "agent/checkpoint_live.h"
#include "agent/checkpoint_text.h"
#include "agent/clock.h"
#include "agent/config.h"
#include "agent/file.h"
#include "agent/secret_file.h"
#include "base/hex.h"

#define DAY 86400u
/* A key file: 32 bytes; or their hex, "0x" and the end of the line as one likes. */
#define KEY_LEN      32u
#define KEY_FILE_MAX (2u + 2u * KEY_LEN + 2u)

/* read_number: decimal digits, at most max. */
static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || v > (max - (uint64_t)(*text - '0')) / 10)
            return false;
        v = v * 10 + (uint64_t)(*text - '0');
    }
    *out = v;
    return true;
}

/* read_document: a signed checkpoint from a file. */
static enum rc read_document(struct arena *a, const char *path, struct checkpoint_doc *out,
                             struct err *err)
{
    AUTO_JSON j = NULL;
    struct bytes text = BYTES_NONE;
    TRY(file_read(a, path, LIMIT_CHECKPOINT, BG_CHECKPOINT_FILE_SIZE, &text, err));
    TRY(file_json(text, path, BG_CHECKPOINT_JSON, &j, err));
    return checkpoint_read(j, out, err);
}

/* load reads the configuration: it must name a network, to which a checkpoint belongs; it need not
 * have a checkpoint, which is what this verb is asked for. */
static enum rc load(struct arena *a, const struct cli *cli, struct config *out, struct err *err)
{
    TRY(config_load_any(a, cli->config, out, err));
    if (out->chain.source != CHAIN_ETHEREUM)
        return err_set(err, BG_CHECKPOINT_NO_NETWORK, "%s", "");
    return RC_OK;
}

/* known_slot: older than what the configuration starts from is of no use. */
static uint64_t known_slot(const struct config *c)
{
    return c->has_checkpoint ? c->chain.light_client.checkpoint.slot : 0;
}

/* ---- sign ---------------------------------------------------------------------------------- */

/* read_key: into protected memory, and nowhere else. */
static enum rc read_key(const char *path, struct secret **out, struct err *err)
{
    AUTO_SECRET file = NULL;
    TRY(secret_file_read(path, KEY_LEN, KEY_FILE_MAX, BG_CHECKPOINT_KEY_FILE, &file, err));
    struct bytes text = bytes_of(secret_data(file), secret_len(file));
    struct secret *key = secret_new(KEY_LEN, err);
    if (!key)
        return err->rc;
    if (text.n == KEY_LEN) {
        memcpy(secret_data(key), text.p, KEY_LEN);
        *out = key;
        return RC_OK;
    }
    if (text.p[text.n - 1] == '\n')
        text.n--;
    if (text.p[text.n - 1] == '\r')
        text.n--;
    if (!hex_decode_0x(text, secret_data(key), KEY_LEN)) {
        (void)secret_free(key);
        return err_set(err, BG_CHECKPOINT_KEY_FORM, "%s: %zu bytes", path, secret_len(file));
    }
    *out = key;
    return RC_OK;
}

/* begin makes the document that --slot and --block-root ask for, good from now on. */
static enum rc begin(const struct cli *cli, const struct beacon_network *n, uint64_t now,
                     struct checkpoint_doc *d, struct err *err)
{
    uint64_t days = CHECKPOINT_MAX_LIFE / DAY;
    if (!cli->slot || !cli->block_root)
        return err_set(err, BG_CHECKPOINT_NOTHING, "%s",
                       cli->slot ? "no --block-root" : "no --slot");
    if (!read_number(cli->slot, INT64_MAX, &d->slot))
        return err_set(err, BG_CHECKPOINT_SLOT_WORD, "%s", cli->slot);
    if (!hex_decode_0x(bytes_of_str(cli->block_root), d->root, 32))
        return err_set(err, BG_CHECKPOINT_ROOT_WORD, "%s", cli->block_root);
    if (cli->days && (!read_number(cli->days, CHECKPOINT_MAX_LIFE / DAY, &days) || days == 0))
        return err_set(err, BG_CHECKPOINT_DAYS, "%s", cli->days);
    memcpy(d->genesis_validators_root, n->genesis_validators_root, 32);
    memcpy(d->fork_version, beacon_fork_at_slot(n, d->slot)->version, 4);
    d->issued = now;
    d->not_after = now + days * DAY;
    return RC_OK;
}

static enum rc write_document(const struct checkpoint_doc *d, const char *path, struct err *err)
{
    AUTO_JSON j = checkpoint_to_json(d);
    char *text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
    size_t n = text ? strlen(text) : 0;
    char *line = text ? realloc(text, n + 1) : NULL;
    if (!line) {
        free(text);
        return err_set(err, BG_CHECKPOINT_MEMORY, "%s", path);
    }
    line[n] = '\n';
    enum rc rc = file_write(path, bytes_of(line, n + 1), err);
    free(line);
    return rc;
}

static void say_signed(const struct cli *cli, const struct config *c,
                       const struct checkpoint_doc *d)
{
    const struct beacon_network *n = c->chain.light_client.network;
    const uint8_t *key = d->signatures[d->num_signatures - 1].key;
    FILE *f = strcmp(cli->output, "-") == 0 ? stderr : stdout;
    if (cli->json) {
        output_json(json_pack(
            "{s:i, s:s, s:o, s:I, s:s, s:o, s:I, s:b}", "schema", 1, "file", cli->output, "key",
            checkpoint_json_hex(key, CHECKPOINT_KEY), "signatures", (json_int_t)d->num_signatures,
            "network", n->name, "checkpoint", checkpoint_json_start(d->root, d->slot), "not_after",
            (json_int_t)d->not_after, "epoch_boundary", (int)checkpoint_at_boundary(n, d->slot)));
        return;
    }
    fprintf(f, "signed, %zu signature%s in all\n", d->num_signatures,
            d->num_signatures == 1 ? "" : "s");
    checkpoint_text_row(f, "by key");
    checkpoint_text_hex(f, key, CHECKPOINT_KEY);
    fputc('\n', f);
    checkpoint_text_block(f, n, d->fork_version, d->slot, d->root);
    checkpoint_text_life(f, d->issued, d->not_after);
    checkpoint_text_boundary(f, n, d->slot);
}

static enum rc run_sign(struct arena *a, const struct cli *cli, struct err *err)
{
    struct config c;
    struct checkpoint_doc d = {0};
    AUTO_SECRET key = NULL;
    uint64_t now = clock_now();
    if (!cli->key || !cli->output)
        return err_set(err, BG_CHECKPOINT_SIGN_NEEDS, "no %s", cli->key ? "-o" : "--key");
    if (cli->json && strcmp(cli->output, "-") == 0)
        return err_set(err, BG_CHECKPOINT_TWO_OUTPUTS, "%s", "-o - with --json");
    TRY(load(a, cli, &c, err));
    const struct beacon_network *n = c.chain.light_client.network;
    if (cli->num_args == 2)
        TRY(read_document(a, cli->args[1], &d, err));
    else
        TRY(begin(cli, n, now, &d, err));
    TRY(checkpoint_check(&d, n, known_slot(&c), now, err));
    TRY(read_key(cli->key, &key, err));
    TRY(checkpoint_sign(&d, secret_data(key), err));
    TRY(write_document(&d, cli->output, err));
    if (!cli->quiet)
        say_signed(cli, &c, &d);
    return RC_OK;
}

/* ---- verify -------------------------------------------------------------------------------- */

static void verified_json(const struct config *c, const struct checkpoint_ok *ok)
{
    const struct beacon_network *n = c->chain.light_client.network;
    json_t *keys = json_array();
    for (size_t i = 0; i < c->signers.num_keys; i++)
        if (ok->signer[i])
            (void)json_array_append_new(keys,
                                        checkpoint_json_hex(c->signers.keys[i], CHECKPOINT_KEY));
    output_json(json_pack("{s:i, s:b, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:b}", "schema",
                          1, "verified", 1, "network", n->name, "checkpoint",
                          checkpoint_json_start(ok->checkpoint.root, ok->checkpoint.slot), "issued",
                          (json_int_t)ok->issued, "not_after", (json_int_t)ok->not_after,
                          "signed_by", (json_int_t)ok->signed_by, "threshold",
                          (json_int_t)c->signers.threshold, "keys", (json_int_t)c->signers.num_keys,
                          "signers", keys, "unknown_signatures", (json_int_t)ok->unknown,
                          "epoch_boundary", (int)checkpoint_at_boundary(n, ok->checkpoint.slot)));
}

static void verified_text(const struct config *c, const struct checkpoint_doc *d,
                          const struct checkpoint_ok *ok)
{
    const struct beacon_network *n = c->chain.light_client.network;
    printf("verified: %zu of %zu configured keys signed, %zu needed\n", ok->signed_by,
           c->signers.num_keys, c->signers.threshold);
    checkpoint_text_block(stdout, n, d->fork_version, d->slot, d->root);
    checkpoint_text_life(stdout, ok->issued, ok->not_after);
    for (size_t i = 0; i < c->signers.num_keys; i++)
        if (ok->signer[i]) {
            checkpoint_text_row(stdout, "signed by");
            checkpoint_text_hex(stdout, c->signers.keys[i], CHECKPOINT_KEY);
            putchar('\n');
        }
    if (ok->unknown)
        printf("  %zu more signature%s by keys that are not configured: not looked at\n",
               ok->unknown, ok->unknown == 1 ? "" : "s");
    checkpoint_text_boundary(stdout, n, d->slot);
}

static enum rc run_verify(struct arena *a, const struct cli *cli, struct err *err)
{
    struct config c;
    struct checkpoint_doc d;
    struct checkpoint_ok ok;
    uint64_t now = cli->given & OPT_AT ? cli->at : clock_now();
    TRY(load(a, cli, &c, err));
    if (c.signers.num_keys == 0)
        return err_set(err, BG_CHECKPOINT_NO_SIGNERS, "%s", "");
    TRY(read_document(a, cli->args[1], &d, err));
    TRY(checkpoint_verify(&d, c.chain.light_client.network, &c.signers, known_slot(&c), now, &ok,
                          err));
    if (cli->quiet)
        return RC_OK;
    if (cli->json)
        verified_json(&c, &ok);
    else
        verified_text(&c, &d, &ok);
    return RC_OK;
}

/* ---- show ---------------------------------------------------------------------------------- */

/* network_of: the built-in network that a document names, or NULL. */
static const struct beacon_network *network_of(const struct checkpoint_doc *d)
{
    const struct beacon_network *n;
    for (size_t i = 0; (n = beacon_network_at(i)); i++)
        if (memcmp(n->genesis_validators_root, d->genesis_validators_root, 32) == 0)
            return n;
    return NULL;
}

static void show_json(const struct checkpoint_doc *d)
{
    const struct beacon_network *n = network_of(d);
    json_t *list = json_array();
    for (size_t i = 0; i < d->num_signatures; i++) {
        struct err why = {0};
        bool good = checkpoint_signature_ok(d, i, &why) == RC_OK;
        (void)json_array_append_new(
            list, json_pack("{s:o, s:b}", "key",
                            checkpoint_json_hex(d->signatures[i].key, CHECKPOINT_KEY),
                            "signature_good", (int)good));
    }
    output_json(json_pack("{s:i, s:b, s:s?, s:o, s:o, s:o, s:I, s:I, s:o}", "schema", 1, "verified",
                          0, "network", n ? n->name : NULL, "genesis_validators_root",
                          checkpoint_json_hex(d->genesis_validators_root, 32), "fork_version",
                          checkpoint_json_hex(d->fork_version, 4), "checkpoint",
                          checkpoint_json_start(d->root, d->slot), "issued", (json_int_t)d->issued,
                          "not_after", (json_int_t)d->not_after, "signatures", list));
}

static void show_text(const struct checkpoint_doc *d)
{
    const struct beacon_network *n = network_of(d);
    printf("not verified: what the document says of itself\n");
    checkpoint_text_block(stdout, n, d->fork_version, d->slot, d->root);
    checkpoint_text_life(stdout, d->issued, d->not_after);
    for (size_t i = 0; i < d->num_signatures; i++) {
        struct err why = {0};
        bool good = checkpoint_signature_ok(d, i, &why) == RC_OK;
        checkpoint_text_row(stdout, "signature");
        checkpoint_text_hex(stdout, d->signatures[i].key, CHECKPOINT_KEY);
        printf(good ? " good\n" : " BAD (BG-%04d)\n", why.rc);
    }
    if (n)
        checkpoint_text_boundary(stdout, n, d->slot);
    printf("  who may sign is for a configuration to say: bootgate checkpoint verify FILE\n");
}

static enum rc run_show(struct arena *a, const struct cli *cli, struct err *err)
{
    struct checkpoint_doc d;
    TRY(read_document(a, cli->args[1], &d, err));
    if (cli->quiet)
        return RC_OK;
    if (cli->json)
        show_json(&d);
    else
        show_text(&d);
    return RC_OK;
}

static enum rc run_show_live(struct arena *a, const struct cli *cli, struct err *err)
{
    struct config c;
    TRY(load(a, cli, &c, err));
    return checkpoint_live(a, cli, &c, err);
}

/* ---- the verb ------------------------------------------------------------------------------ */

static const struct action {
    const char *name;
    int num_args;     /* .. in all, the name included */
    unsigned options; /* OPT_ bits it takes */
    enum rc (*run)(struct arena *a, const struct cli *cli, struct err *err);
} actions[] = {
    {"sign", 1, OPT_CONFIG | OPT_KEY | OPT_OUTPUT | OPT_SLOT | OPT_BLOCK_ROOT | OPT_DAYS, run_sign},
    {"sign", 2, OPT_CONFIG | OPT_KEY | OPT_OUTPUT, run_sign},
    {"verify", 2, OPT_CONFIG | OPT_AT, run_verify},
    {"show", 2, 0, run_show},
    {"show", 1, OPT_CONFIG | OPT_AT | OPT_TIMEOUT, run_show_live},
};

static enum rc run(struct arena *a, const struct cli *cli, struct err *err)
{
    const char *name = cli->args[0];
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const struct action *t = &actions[i];
        if (strcmp(t->name, name) != 0 || t->num_args != cli->num_args)
            continue;
        if (cli->given & ~t->options)
            return err_set(err, BG_CHECKPOINT_OPTION, "checkpoint %s%s", name,
                           cli->num_args == 2 ? " FILE" : "");
        return t->run(a, cli, err);
    }
    return err_set(err, BG_CHECKPOINT_ACTION, "%s with %d more argument%s", name, cli->num_args - 1,
                   cli->num_args == 2 ? "" : "s");
}

int verb_checkpoint(struct arena *a, const struct cli *cli)
{
    struct err err = {0};
    if (run(a, cli, &err) != RC_OK)
        return output_error(cli->json, cli->quiet, &err);
    return output_finish(0);
}
