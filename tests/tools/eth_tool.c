/*
 * eth_tool: answers one line per line of standard input, for comparison with other implementations
 * (tests/oracles/eth_diff.mjs). Bytes are hex; an empty string is "-".
 *   keccak HEX             digest
 *   rlp HEX                the item, lists as [a,b], strings as hex; or "bad"
 *   header HEX             number and hash; or "bad BG-nnnn"
 *   trie KEY=VALUE,..      root by tests/lib/trie_builder (an empty value removes the key)
 *   proof KEY KEY=VALUE,.. nodes of that trie's proof, those inside their parents too
 *   prove ROOT KEY NODE,.. "present HEX", "absent" or "bad BG-nnnn"
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "policy/eth/header.h"
#include "policy/eth/keccak.h"
#include "policy/eth/mpt.h"
#include "policy/eth/rlp.h"
#include "tests/lib/trie_builder.h"
#include "tests/lib/tool.h"

static struct bytes parse(struct arena *a, const char *text)
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    if (!text)
        tool_die("a word is missing");
    if (strcmp(text, "-") != 0 && !hex_decode_any(a, bytes_of_str(text), &out, &err))
        tool_die("not hex");
    return out;
}

static void print_hex(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        printf("%02x", b.p[i]);
}

static void print_item(const struct rlp_item *it)
{
    if (!it->list) {
        print_hex(it->body);
        return;
    }
    putchar('[');
    struct cur c = cur_of(it->body);
    for (bool first = true; cur_left(&c); first = false) {
        struct rlp_item sub;
        if (!rlp_next(&c, &sub))
            tool_die("a checked list does not read");
        if (!first)
            putchar(',');
        print_item(&sub);
    }
    putchar(']');
}

static void fill(struct trie *t, struct arena *a, char *pairs)
{
    char *save = NULL;
    for (char *p = strtok_r(pairs, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        char *value = strchr(p, '=');
        if (!value)
            tool_die("KEY=VALUE expected");
        *value++ = '\0';
        trie_put(t, parse(a, p), parse(a, *value ? value : "-"));
    }
}

static void prove(struct arena *a, const char *root_text, const char *key_text, char *list)
{
    struct bytes root = parse(a, root_text), key = parse(a, key_text), nodes[128], value;
    size_t n = 0;
    char *save = NULL;
    if (root.n != 32 || key.n != 32)
        tool_die("root and key have 32 bytes");
    for (char *p = list ? strtok_r(list, ",", &save) : NULL; p; p = strtok_r(NULL, ",", &save)) {
        if (n == 128)
            tool_die("too many nodes");
        nodes[n++] = parse(a, p);
    }
    bool present;
    struct err err = {0};
    if (mpt_prove(root.p, key.p, nodes, n, &present, &value, &err) != RC_OK) {
        printf("bad BG-%04d", err.rc);
        return;
    }
    printf(present ? "present " : "absent");
    if (present)
        print_hex(value);
}

static void header(struct bytes rlp)
{
    struct eth_header h;
    struct err err = {0};
    if (eth_header_from_rlp(rlp, &h, &err) != RC_OK) {
        printf("bad BG-%04d", err.rc);
        return;
    }
    printf("%llu ", (unsigned long long)h.number);
    print_hex(BYTES_OF_ARRAY(h.hash));
}

static void answer(struct arena *a, char *line)
{
    char *save = NULL;
    const char *verb = strtok_r(line, " \n", &save);
    char *w1 = verb ? strtok_r(NULL, " \n", &save) : NULL;
    char *w2 = w1 ? strtok_r(NULL, " \n", &save) : NULL;
    char *w3 = w2 ? strtok_r(NULL, " \n", &save) : NULL;
    uint8_t h[32];
    if (!verb) {
        tool_die("an empty line");
    } else if (!strcmp(verb, "keccak")) {
        keccak256(parse(a, w1), h);
        print_hex(BYTES_OF_ARRAY(h));
    } else if (!strcmp(verb, "rlp")) {
        struct rlp_item it;
        if (rlp_whole(parse(a, w1), &it))
            print_item(&it);
        else
            printf("bad");
    } else if (!strcmp(verb, "header")) {
        header(parse(a, w1));
    } else if (!strcmp(verb, "prove")) {
        prove(a, w1, w2, w3);
    } else if (!strcmp(verb, "trie")) {
        struct trie *t = trie_new();
        fill(t, a, w1);
        trie_root(t, h);
        print_hex(BYTES_OF_ARRAY(h));
        trie_free(t);
    } else if (!strcmp(verb, "proof")) {
        struct bytes nodes[TRIE_PROOF_MAX];
        struct trie *t = trie_new();
        fill(t, a, w2);
        size_t n = trie_proof(t, parse(a, w1), true, nodes);
        for (size_t i = 0; i < n; i++) {
            if (i)
                putchar(',');
            print_hex(nodes[i]);
        }
        trie_free(t);
    } else {
        tool_die("no such verb");
    }
    putchar('\n');
}

int main(void)
{
    return tool_ask(1 << 26, answer);
}
