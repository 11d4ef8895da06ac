#include "agent/checkpoint_text.h"

#include "base/date.h"
#include "base/hex.h"

void checkpoint_text_row(FILE *f, const char *name)
{
    fprintf(f, "  %-11s ", name);
}

void checkpoint_text_hex(FILE *f, const uint8_t *p, size_t n)
{
    fputs("0x", f);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "%02x", p[i]);
}

void checkpoint_text_block(FILE *f, const struct beacon_network *n, const uint8_t fork[static 4],
                           uint64_t slot, const uint8_t root[static 32])
{
    checkpoint_text_row(f, "network");
    fprintf(f, "%s\n", n ? n->name : "not one that is built in");
    checkpoint_text_row(f, "fork");
    checkpoint_text_hex(f, fork, 4);
    if (n && memcmp(beacon_fork_at_slot(n, slot)->version, fork, 4) == 0)
        fprintf(f, " (%s)", beacon_fork_name(beacon_fork_at_slot(n, slot)->fork));
    fputc('\n', f);
    checkpoint_text_row(f, "slot");
    fprintf(f, "%llu", (unsigned long long)slot);
    if (n)
        fprintf(f, " (epoch %llu, %s)", (unsigned long long)(slot / n->slots_per_epoch),
                date_of(beacon_time_of(n, slot)).s);
    fputc('\n', f);
    checkpoint_text_row(f, "block root");
    checkpoint_text_hex(f, root, 32);
    fputc('\n', f);
}

void checkpoint_text_life(FILE *f, uint64_t issued, uint64_t not_after)
{
    checkpoint_text_row(f, "issued");
    fprintf(f, "%s\n", date_of(issued).s);
    checkpoint_text_row(f, "good until");
    fprintf(f, "%s\n", date_of(not_after).s);
}

bool checkpoint_at_boundary(const struct beacon_network *n, uint64_t slot)
{
    return slot % n->slots_per_epoch == 0;
}

void checkpoint_text_boundary(FILE *f, const struct beacon_network *n, uint64_t slot)
{
    if (checkpoint_at_boundary(n, slot))
        return;
    fprintf(f,
            "  note: slot %llu does not begin an epoch; unless no block was made in the slot that\n"
            "  does, many beacon nodes serve no bootstrap for it\n",
            (unsigned long long)slot);
}

json_t *checkpoint_json_hex(const uint8_t *p, size_t n)
{
    char text[2 + 2 * 64 + 1] = "0x";
    if (n > 64)
        return NULL;
    hex_encode(bytes_of(p, n), text + 2);
    return json_string(text);
}

json_t *checkpoint_json_start(const uint8_t root[static 32], uint64_t slot)
{
    return json_pack("{s:o, s:I}", "root", checkpoint_json_hex(root, 32), "slot", (json_int_t)slot);
}
