/* What the contract read, for people. */
#include "agent/near_show.h"
#include "agent/text.h"
#include "base/date.h"
#include "base/hex.h"

/* word_text writes a storage word as what it most likely is: a number, an address, or a hash, of
 * which `ends` digits are shown at either end. */
static void word_text(const struct style *st, const uint8_t w[static 32], int ends,
                      char out[static 67])
{
    char hex[65];
    uint64_t number = 0;
    hex_encode(bytes_of(w, 32), hex);
    for (size_t i = 24; i < 32; i++)
        number = number << 8 | w[i];
    if (st->verbose)
        snprintf(out, 67, "0x%s", hex);
    else if (mem_is_zero(w, 24))
        snprintf(out, 67, "%llu", (unsigned long long)number);
    else if (mem_is_zero(w, 12))
        snprintf(out, 67, "0x%s", hex + 24);
    else
        snprintf(out, 67, "0x%.*s..%s", ends, hex, hex + 64 - ends);
}

/* owner names the two contracts that have a name; others go by their address. */
static const char *owner(const struct report *r, const uint8_t address[static 20])
{
    if (memcmp(address, r->chain_config->kms_contract, 20) == 0)
        return "kms";
    return r->boot_info && memcmp(address, r->boot_info->app_id, 20) == 0 ? "app" : NULL;
}

/* slot_text: what it is, its value, where it stands. */
static void slot_text(FILE *f, const struct style *st, const struct report *r,
                      const struct slot_read *s)
{
    char slot[67], text[67];
    const char *who = owner(r, s->address);
    word_text(st, s->slot, 4, slot);
    word_text(st, s->value, 16, text);
    fprintf(f, "    %-33s %-42s ", s->label ? s->label : "(not one of dstack's)", text);
    if (st->verbose || !who) {
        fputs("0x", f);
        for (size_t i = 0; i < 20; i++)
            fprintf(f, "%02x", s->address[i]);
    } else {
        fputs(who, f);
    }
    fprintf(f, "[%s]%s\n", slot, s->zero_leaf ? " zero leaf" : "");
}

/* head_facts_text: how the block was proven. */
static void head_facts_text(FILE *f, const struct style *st, const struct head_facts *h,
                            const struct driver_facts *net)
{
    text_label(f, "beacon block");
    fprintf(f, "%s slot %llu, ", h->network, (unsigned long long)h->slot);
    text_hex(f, st, BYTES_OF_ARRAY(h->beacon_root));
    fputc('\n', f);
    text_label(f, "sync committee");
    fprintf(f, "%zu of %zu signed, in slot %llu\n", h->participants, h->committee_size,
            (unsigned long long)h->signature_slot);
    text_label(f, "checkpoint");
    fprintf(f, "slot %llu, ", (unsigned long long)h->checkpoint_slot);
    text_hex(f, st, BYTES_OF_ARRAY(h->checkpoint_root));
    fprintf(f, ", %s, %zu update%s before\n", net->start_anchor ? net->start_anchor : "-",
            h->updates, h->updates == 1 ? "" : "s");
    text_label(f, "round trips");
    fprintf(f, "%zu\n", net->round_trips);
}

void contract_text(FILE *f, const struct style *st, const struct report *r)
{
    const struct chain_result *c = r->chain;
    if (!c)
        return;
    if (r->net.near) {
        near_contract_text(f, st, r);
        return;
    }
    char when[DATE_TEXT];
    date_text(c->block_time, when);
    fprintf(f, "  %schain %llu, block %llu of %s, %s, %s%s\n", text_paint(st, BOLD),
            (unsigned long long)r->chain_config->chain_id, (unsigned long long)c->block_number,
            when, eth_fork_name(c->fork), c->assurance ? c->assurance : "-", text_paint(st, PLAIN));
    text_fact_hex(f, st, "block hash", c->block_hash, 32);
    if (c->head && c->head->by_light_client)
        head_facts_text(f, st, c->head, &r->net);
    text_fact_address(f, "KMS contract", r->chain_config->kms_contract);
    if (c->has_gateway_app_id)
        text_fact(f, "gateway app id", bytes_of_str(c->gateway_app_id));
    if (c->has_app_implementation)
        text_fact_address(f, "app implementation", c->app_implementation);
    if (c->has_kms_info)
        text_fact_hex(f, st, "KMS k256 key", c->k256_pubkey.p, c->k256_pubkey.n);
    for (size_t i = 0; i < c->num_codes; i++) {
        const struct code_seen *s = &c->codes[i];
        char name[48];
        snprintf(name, sizeof name, "code of %s", s->role);
        text_label(f, name);
        fputs("0x", f);
        text_hex(f, st, BYTES_OF_ARRAY(s->address));
        fputc(' ', f);
        if (s->known)
            text_hex(f, st, BYTES_OF_ARRAY(s->hash));
        else
            fputs("not proven", f);
        fputc('\n', f);
    }
    if (c->num_slots)
        fprintf(f, "  %sstorage that was read%s\n", text_paint(st, BOLD), text_paint(st, PLAIN));
    for (size_t i = 0; i < c->num_slots; i++)
        slot_text(f, st, r, &c->slots[i]);
}
