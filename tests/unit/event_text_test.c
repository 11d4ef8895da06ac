/* event_text: types by the names of the specification, payloads of real logs, and payloads that
 * lie. */
#include "tests/lib/harness.h"

#include <stdlib.h>

#include "agent/event_text.h"
#include "base/hex.h"

/* EFI_GLOBAL_VARIABLE, as it stands in logs (UEFI 2.10, 3.3). */
#define GLOBAL "61dfe48bca93d211aa0d00e098032b8c"

static void types_have_the_names_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        const char *name;
    } cases[] = {{0x4, "EV_SEPARATOR"},
                 {0x6, "EV_EVENT_TAG"},
                 {0xa, "EV_PLATFORM_CONFIG_FLAGS"},
                 {0xd, "EV_IPL"},
                 {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
                 {0x80000002, "EV_EFI_VARIABLE_BOOT"},
                 {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
                 {0x80000006, "EV_EFI_GPT_EVENT"},
                 {0x80000007, "EV_EFI_ACTION"},
                 {0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
                 {0x8000000b, "EV_EFI_HANDOFF_TABLES2"},
                 {0x800000e0, "EV_EFI_VARIABLE_AUTHORITY"},
                 {0x08000001, "dstack-runtime"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = event_type_name(cases[i].type);
        CASE(cases[i].name, got && strcmp(got, cases[i].name) == 0, "%s", got ? got : "none");
    }
    assert_null(event_type_name(0x14));
    assert_null(event_type_name(0x80000000));
    assert_null(event_type_name(UINT32_MAX));
}

static void payloads_say_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t type;
        const char *payload, *want; /* NULL: nothing */
    } cases[] = {
        {"variable", 0x80000001,
         GLOBAL "0a000000000000000100000000000000"
                "53006500630075007200650042006f006f0074"
                "0001",
         "SecureBoot (1 byte)"},
        {"empty variable", 0x80000001,
         GLOBAL "020000000000000000000000000000005000"
                "4b00",
         "PK (0 bytes)"},
        {"BootOrder of a dstack guest", 0x80000002,
         GLOBAL "09000000000000000200000000000000"
                "42006f006f0074004f007200640065007200"
                "0000",
         "BootOrder (2 bytes)"},
        {"authority", 0x800000e0,
         GLOBAL "020000000000000000000000000000006400"
                "6200",
         "db (0 bytes)"},
        {"not ASCII", 0x80000001,
         GLOBAL "03000000000000000000000000000000"
                "0a00"
                "e420"
                "4100",
         "??A (0 bytes)"},
        {"name beyond the end", 0x80000001,
         GLOBAL "03000000000000000000000000000000"
                "41004200",
         NULL},
        {"name beyond all memory", 0x80000001,
         GLOBAL "ffffffffffffffff0000000000000000"
                "41004200",
         NULL},
        {"name length that wraps", 0x80000001,
         GLOBAL "00000000000000800000000000000000"
                "41004200",
         NULL},
        {"no name", 0x80000001, GLOBAL "00000000000000000000000000000000", NULL},
        {"other data length", 0x80000001,
         GLOBAL "01000000000000000500000000000000"
                "4100"
                "00",
         NULL},
        {"table of a dstack guest", 0x8000000b,
         "095464785461626c65000100000000000000af96bb93f2b9b84e9462e0ba745642360090800000000000",
         "TdxTable"},
        {"description beyond the end", 0x8000000a, "0a464600", NULL},
        {"no description", 0x8000000a, "00", NULL},
        {"tag of the Linux stub", 0x6, "ec223b8f0d0000004c696e757820696e6974726400",
         "Linux initrd"},
        {"tag without NUL", 0x6, "ec223b8f030000004c696e", NULL},
        {"tag beyond the end", 0x6, "ec223b8f0e0000004c696e757820696e6974726400", NULL},
        {"image", 0x80000003,
         "18400d7b0000000000d47d00000000000000000000000000"
         "0400000000000000"
         "7fff0400",
         "image of 8246272 bytes"},
        {"image with another path length", 0x80000003,
         "18400d7b0000000000d47d00000000000000000000000000"
         "0500000000000000"
         "7fff0400",
         NULL},
        {"text", 0x80000007, "45786974", "Exit"},
        {"text with NUL", 0xd, "4d6f6b4c69737400", "MokList"},
        {"zeros", 0x4, "00000000", NULL},
        {"escape", 0x5, "1b5b324a", NULL},
        {"empty", 0x5, "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t payload[256];
        size_t n = strlen(cases[i].payload) / 2;
        assert_true(hex_decode(bytes_of_str(cases[i].payload), payload, n));
        char got[64] = "";
        bool ok = event_describe(cases[i].type, bytes_of(payload, n), got, sizeof got);
        CASE(cases[i].name, ok == (cases[i].want != NULL) && (!ok || !strcmp(got, cases[i].want)),
             "%d \"%s\"", ok, got);
        /* Cut anywhere, into any room: never a byte too many (sanitizers), always a whole text. */
        for (size_t cut = 0; cut <= n; cut++)
            for (size_t cap = 1; cap < 24; cap += 11) {
                uint8_t *exact = malloc(cut ? cut : 1);
                char *room = malloc(cap);
                assert_true(exact && room);
                memcpy(exact, payload, cut);
                if (event_describe(cases[i].type, bytes_of(exact, cut), room, cap))
                    assert_true(strlen(room) < cap);
                free(exact);
                free(room);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_the_names_of_the_specification),
        cmocka_unit_test(payloads_say_what_they_are),
    };
    return HARNESS_RUN("event_text", tests);
}
