/*
 * checkpoint_tool: answers one line per line of standard input, for comparison with other
 * implementations (tests/oracles/checkpoint_diff.mjs). Bytes are hex; a document is its JSON text
 * in hex; the network is mainnet.
 *   message DOC                       the signed bytes; or "bad BG-nnnn"
 *   rewrite DOC                       the document as we write it; or "bad BG-nnnn"
 *   sign SECRET DOC                   "KEY SIGNATURE" of the signature that was added; or "bad .."
 *   verify THRESHOLD KEY,.. MIN_SLOT NOW DOC
 *                                     "ok SLOT ROOT SIGNED_BY UNKNOWN WHICH"; or "bad BG-nnnn"
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/limits.h"
#include "policy/beacon/checkpoint.h"
#include "tests/lib/tool.h"

static struct bytes parse(struct arena *a, const char *text)
{
    struct bytes out = BYTES_NONE;
    struct err err = {0};
    if (!text)
        tool_die("a word is missing");
    if (!hex_decode_any(a, bytes_of_str(text), &out, &err))
        tool_die("not hex");
    return out;
}

static void print_hex(struct bytes b)
{
    for (size_t i = 0; i < b.n; i++)
        printf("%02x", b.p[i]);
}

static bool bad(enum rc rc)
{
    if (rc != RC_OK)
        printf("bad BG-%04d", rc);
    return rc != RC_OK;
}

/* document: false: it was refused, and that is printed. */
static bool document(struct arena *a, const char *hex, struct checkpoint_doc *out)
{
    AUTO_JSON j = NULL;
    struct err err = {0};
    if (bad(json_read(parse(a, hex), LIMIT_FILE, &j, &err)))
        return false;
    return !bad(checkpoint_read(j, out, &err));
}

static void verify(struct arena *a, char *words[static 5])
{
    struct checkpoint_doc d;
    struct checkpoint_ok ok;
    struct err err = {0};
    uint8_t keys[64][CHECKPOINT_KEY];
    struct checkpoint_signers signers = {.keys = (const uint8_t(*)[CHECKPOINT_KEY])keys};
    char *save = NULL;
    signers.threshold = strtoull(words[0], NULL, 10);
    for (char *p = strtok_r(words[1], ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (signers.num_keys == 64 ||
            !hex_decode(bytes_of_str(p), keys[signers.num_keys++], CHECKPOINT_KEY))
            tool_die("a key is 33 bytes");
    }
    if (!document(a, words[4], &d))
        return;
    if (bad(checkpoint_verify(&d, beacon_network_of_chain(1), &signers,
                              strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10), &ok,
                              &err)))
        return;
    printf("ok %llu ", (unsigned long long)ok.checkpoint.slot);
    print_hex(BYTES_OF_ARRAY(ok.checkpoint.root));
    printf(" %zu %zu ", ok.signed_by, ok.unknown);
    for (size_t i = 0; i < signers.num_keys; i++)
        putchar(ok.signer[i] ? '1' : '0');
}

static void sign(struct arena *a, const char *secret, const char *doc)
{
    struct checkpoint_doc d;
    struct err err = {0};
    struct bytes key = parse(a, secret);
    if (key.n != 32)
        tool_die("a secret is 32 bytes");
    if (!document(a, doc, &d) || bad(checkpoint_sign(&d, key.p, &err)))
        return;
    print_hex(BYTES_OF_ARRAY(d.signatures[d.num_signatures - 1].key));
    putchar(' ');
    print_hex(BYTES_OF_ARRAY(d.signatures[d.num_signatures - 1].signature));
}

static void answer(struct arena *a, char *line)
{
    char *save = NULL, *words[6] = {0};
    size_t n = 0;
    for (char *p = strtok_r(line, " \n", &save); p && n < 6; p = strtok_r(NULL, " \n", &save))
        words[n++] = p;
    struct checkpoint_doc d;
    if (n == 2 && strcmp(words[0], "message") == 0) {
        uint8_t message[CHECKPOINT_MESSAGE];
        if (document(a, words[1], &d)) {
            checkpoint_message(&d, message);
            print_hex(BYTES_OF_ARRAY(message));
        }
    } else if (n == 2 && strcmp(words[0], "rewrite") == 0) {
        if (document(a, words[1], &d)) {
            AUTO_JSON j = checkpoint_to_json(&d);
            char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
            if (!text)
                tool_die("no memory");
            printf("%s", text);
            free(text);
        }
    } else if (n == 3 && strcmp(words[0], "sign") == 0) {
        sign(a, words[1], words[2]);
    } else if (n == 6 && strcmp(words[0], "verify") == 0) {
        verify(a, words + 1);
    } else {
        tool_die("no such question");
    }
    putchar('\n');
}

int main(void)
{
    return tool_ask(1 << 24, answer);
}
