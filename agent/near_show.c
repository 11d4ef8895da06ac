#include "agent/near_show.h"

#include <inttypes.h>

#include "agent/near.h"
#include "agent/text.h"
#include "base/date.h"
#include "base/hex.h"
#include "policy/near/base58.h"

/* --- JSON --- */

static json_t *text(struct bytes b)
{
    return b.n ? json_stringn((const char *)b.p, b.n) : json_null();
}

static json_t *hex(const uint8_t hash[static 32])
{
    char out[2 * 32 + 1];
    hex_encode(bytes_of(hash, 32), out);
    return json_string(out);
}

static json_t *base58(const uint8_t hash[static 32])
{
    char out[BASE58_MAX_TEXT];
    base58_write(bytes_of(hash, 32), out);
    return json_string(out);
}

static json_t *k256(const struct chain_result *c)
{
    char out[2 * 65 + 1];
    if (!c->has_kms_info || c->k256_pubkey.n > 65)
        return json_null();
    hex_encode(c->k256_pubkey, out);
    return json_string(out);
}

static json_t *when(uint64_t now, uint64_t block_time)
{
    return now >= block_time ? json_integer((json_int_t)(now - block_time)) : json_null();
}

json_t *near_chain_json(const struct report *r)
{
    const struct chain_result *c = r->chain;
    const struct near_seen *n = r->net.near;
    const struct near_checkpoint *start = &r->near_source->client.checkpoint;
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:s, s:o, s:I, s:{s:o, s:I}, s:I}",
                     "source", "near", "network_id", r->near_source->network_id, "contract_id",
                     text(r->near_source->client.contract_id), "app_account",
                     text(n->result.app_account), "block_number", (json_int_t)c->block_number,
                     "block_hash", hex(c->block_hash), "block_hash_base58", base58(c->block_hash),
                     "state_root", hex(c->state_root), "assurance", c->assurance, "age",
                     when(r->now, c->block_time), "epochs", (json_int_t)n->head.epochs,
                     "checkpoint", "block_hash_base58", base58(start->block_hash), "height",
                     (json_int_t)start->height, "round_trips", (json_int_t)r->net.round_trips);
}

static json_t *reads(const struct near_result *n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n->num_reads; i++) {
        const struct near_read *e = &n->reads[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:s, s:o, s:b}", "account",
                                                    text(e->account), "set", e->label, "member",
                                                    text(e->member), "present", (int)e->present));
    }
    return list;
}

static json_t *codes(const struct near_seen *n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n->num_codes; i++) {
        const struct near_code *c = &n->codes[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:b}", "role", c->role, "account",
                            text(c->account), "hash", c->seen ? hex(c->hash) : json_null(),
                            "hash_base58", c->seen ? base58(c->hash) : json_null(), "hosts",
                            (json_int_t)c->said, "agreed", (json_int_t)c->agreed, "proven", 0));
    }
    return list;
}

static json_t *fixes(const struct near_seen *n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n->num_fixes; i++) {
        const struct near_fix *f = &n->fixes[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:s}", "account", f->account, "method", f->method,
                            "args", json_loads(f->args, 0, NULL), "command", f->command));
    }
    return list;
}

json_t *near_contract_json(const struct report *r)
{
    const struct chain_result *c = r->chain;
    const struct near_seen *n = r->net.near;
    return json_pack("{s:s, s:b, s:s, s:b, s:s?, s:o, s:s?, s:o, s:o, s:o}", "question",
                     r->question == ASK_KMS ? "is_kms_allowed" : "is_app_allowed", "is_allowed",
                     (int)(c->say == CHAIN_ALLOWS), "reason", c->reason ? c->reason : "",
                     "reverted", 0, "gateway_app_id",
                     c->has_gateway_app_id ? c->gateway_app_id : NULL, "k256_pubkey", k256(c),
                     "hint", n->result.hint, "code_hashes", codes(n), "reads", reads(&n->result),
                     "fix", fixes(n));
}

/* --- for people --- */

static void fact_hash(FILE *f, const char *name, const uint8_t hash[static 32])
{
    char out[BASE58_MAX_TEXT];
    base58_write(bytes_of(hash, 32), out);
    text_fact(f, name, bytes_of_str(out));
}

static void code_text(FILE *f, const struct near_code *c)
{
    char name[32], hash[BASE58_MAX_TEXT] = "nobody said";
    snprintf(name, sizeof name, "code of %s", c->role);
    if (c->seen)
        base58_write(BYTES_OF_ARRAY(c->hash), hash);
    text_label(f, name);
    fprintf(f, "%s (%zu hosts, unproven)\n", hash, c->said);
}

static void read_text(FILE *f, const struct style *st, const struct near_read *e)
{
    bool state = e->member.n == 0, cut = !st->verbose && e->member.n > 40;
    fprintf(f, "    %-26s ", e->label);
    if (state)
        fputs("its STATE", f);
    else if (cut)
        fprintf(f, "%.16s..%.8s", (const char *)e->member.p,
                (const char *)e->member.p + e->member.n - 8);
    else
        text_safe(f, e->member);
    fprintf(f, "%s in ", state ? "" : e->present ? ", listed" : ", not listed");
    text_safe(f, e->account);
    fputc('\n', f);
}

void near_contract_text(FILE *f, const struct style *st, const struct report *r)
{
    const struct chain_result *c = r->chain;
    const struct near_seen *n = r->net.near;
    const struct near_source *s = r->near_source;
    const char *bold = text_paint(st, BOLD), *plain = text_paint(st, PLAIN);
    char time[DATE_TEXT];
    date_text(c->block_time, time);
    fprintf(f, "  %sNEAR %s, block %" PRIu64 " of %s, %s%s\n", bold, s->network_id, c->block_number,
            time, c->assurance, plain);
    fact_hash(f, "block hash", c->block_hash);
    text_label(f, "checkpoint");
    fprintf(f, "height %" PRIu64 ", from the configuration, %zu epoch%s before\n",
            s->client.checkpoint.height, n->head.epochs, n->head.epochs == 1 ? "" : "s");
    text_label(f, "round trips");
    fprintf(f, "%zu\n", r->net.round_trips);
    text_fact(f, "KMS contract", s->client.contract_id);
    if (n->result.app_account.n)
        text_fact(f, "app contract", n->result.app_account);
    if (c->has_gateway_app_id)
        text_fact(f, "gateway app id", bytes_of_str(c->gateway_app_id));
    if (c->has_kms_info) {
        text_label(f, "KMS k256 key");
        text_hex(f, st, c->k256_pubkey);
        fputc('\n', f);
    }
    for (size_t i = 0; i < n->num_codes; i++)
        code_text(f, &n->codes[i]);
    if (n->result.num_reads)
        fprintf(f, "  %sstate that was read%s\n", bold, plain);
    for (size_t i = 0; i < n->result.num_reads; i++)
        read_text(f, st, &n->result.reads[i]);
    if (n->num_fixes)
        fprintf(f, "  %swhat would change the answer%s\n", bold, plain);
    for (size_t i = 0; i < n->num_fixes; i++) {
        fputs("    ", f);
        text_safe(f, bytes_of_str(n->fixes[i].command));
        fputc('\n', f);
    }
}
