/* keccak: published digests, every split of the input, and lengths around the block of 136. */
#include "tests/lib/harness.h"

#include "base/hex.h"
#include "policy/eth/keccak.h"

static void expect(const char *name, struct bytes in, const char *want)
{
    uint8_t d[32];
    char hex[65];
    keccak256(in, d);
    hex_encode(BYTES_OF_ARRAY(d), hex);
    CASE(name, strcmp(hex, want) == 0, "got %s", hex);
}

static void digests_match_published_ones(void **state)
{
    (void)state;
    uint8_t many[400];
    /* Ethereum Yellow Paper constants: KEC(()) and KEC(RLP(())); the empty list is geth's uncle
     * hash. */
    expect("empty", BYTES_NONE, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    expect("rlp of empty string", bytes_of("\x80", 1),
           "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    expect("rlp of empty list", bytes_of("\xc0", 1),
           "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
    expect("abc", bytes_of_str("abc"),
           "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    expect("fox", bytes_of_str("The quick brown fox jumps over the lazy dog"),
           "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
    /* Solidity's selectors are the first four bytes of such digests (ERC-20 transfer: a9059cbb). */
    expect("transfer(address,uint256)", bytes_of_str("transfer(address,uint256)"),
           "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b");
    /* KeccakTools ShortMsgKAT_256, Len 8: "CC". */
    expect("KAT cc", bytes_of("\xcc", 1),
           "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a");
    memset(many, 'a', sizeof many);
    /* Lengths around the padding: one block is 136 bytes (values of @noble/hashes 2.4.0). */
    expect("135", bytes_of(many, 135),
           "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446");
    expect("136", bytes_of(many, 136),
           "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
    expect("137", bytes_of(many, 137),
           "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39");
    expect("272", bytes_of(many, 272),
           "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8");
}

static void parts_make_the_same_digest_as_the_whole(void **state)
{
    (void)state;
    uint8_t in[600], whole[32], d[32];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t n = 0; n <= sizeof in; n += n < 280 ? 1 : 37) {
        keccak256(bytes_of(in, n), whole);
        for (size_t cut = 0; cut <= n; cut += n < 280 ? 19 : 61) {
            struct bytes parts[] = {bytes_of(in, cut), BYTES_NONE, bytes_of(in + cut, n - cut)};
            keccak256_parts(parts, 3, d);
            CASE("split", memcmp(d, whole, 32) == 0, "length %zu cut at %zu", n, cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_match_published_ones),
        cmocka_unit_test(parts_make_the_same_digest_as_the_whole),
    };
    return HARNESS_RUN("keccak", tests);
}
