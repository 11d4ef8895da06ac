#include "agent/event_text.h"

#include <stdio.h>

#include "base/cur.h"
#include "quote/evlog.h"

/* TCG PC Client Platform Firmware Profile 1.06, 10.4.1 "Event Types", table 27. */
enum {
    EV_EVENT_TAG = 0x6,
    EV_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001,
    EV_EFI_VARIABLE_BOOT = 0x80000002,
    EV_EFI_BOOT_SERVICES_APPLICATION = 0x80000003,
    EV_EFI_BOOT_SERVICES_DRIVER = 0x80000004,
    EV_EFI_RUNTIME_SERVICES_DRIVER = 0x80000005,
    EV_EFI_PLATFORM_FIRMWARE_BLOB2 = 0x8000000a,
    EV_EFI_HANDOFF_TABLES2 = 0x8000000b,
    EV_EFI_VARIABLE_BOOT2 = 0x8000000c,
    EV_EFI_VARIABLE_AUTHORITY = 0x800000e0,
};

const char *event_type_name(uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {
        {0x0, "EV_PREBOOT_CERT"},
        {0x1, "EV_POST_CODE"},
        {0x2, "EV_UNUSED"},
        {EV_NO_ACTION, "EV_NO_ACTION"},
        {0x4, "EV_SEPARATOR"},
        {0x5, "EV_ACTION"},
        {EV_EVENT_TAG, "EV_EVENT_TAG"},
        {0x7, "EV_S_CRTM_CONTENTS"},
        {0x8, "EV_S_CRTM_VERSION"},
        {0x9, "EV_CPU_MICROCODE"},
        {0xa, "EV_PLATFORM_CONFIG_FLAGS"},
        {0xb, "EV_TABLE_OF_DEVICES"},
        {0xc, "EV_COMPACT_HASH"},
        {0xd, "EV_IPL"},
        {0xe, "EV_IPL_PARTITION_DATA"},
        {0xf, "EV_NONHOST_CODE"},
        {0x10, "EV_NONHOST_CONFIG"},
        {0x11, "EV_NONHOST_INFO"},
        {0x12, "EV_OMIT_BOOT_DEVICE_EVENTS"},
        {0x13, "EV_POST_CODE2"},
        {EVENT_DSTACK_RUNTIME, "dstack-runtime"},
        {EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
        {EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT"},
        {EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
        {EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER"},
        {EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
        {0x80000006, "EV_EFI_GPT_EVENT"},
        {0x80000007, "EV_EFI_ACTION"},
        {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
        {0x80000009, "EV_EFI_HANDOFF_TABLES"},
        {EV_EFI_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
        {EV_EFI_HANDOFF_TABLES2, "EV_EFI_HANDOFF_TABLES2"},
        {EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2"},
        {0x8000000d, "EV_EFI_GPT_EVENT2"},
        {0x80000010, "EV_EFI_HCRTM_EVENT"},
        {EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY"},
        {0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB"},
        {0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
        {0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY"},
        {0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

/* put appends one character, printable or '?', while there is room for it and the final NUL. */
static void put(char *out, size_t cap, size_t *n, unsigned c)
{
    if (*n + 1 < cap)
        out[(*n)++] = c >= 0x20 && c <= 0x7e ? (char)c : '?';
}

/* printable: the payload is a text as it stands, final NULs aside. */
static bool printable(struct bytes payload, char *out, size_t cap)
{
    size_t len = payload.n, n = 0;
    while (len && payload.p[len - 1] == 0)
        len--;
    for (size_t i = 0; i < len; i++)
        if (payload.p[i] < 0x20 || payload.p[i] > 0x7e)
            return false;
    for (size_t i = 0; i < len; i++)
        put(out, cap, &n, payload.p[i]);
    out[n] = '\0';
    return len > 0;
}

/*
 * variable reads UEFI_VARIABLE_DATA (10.2.6): GUID, name length in characters, data length, name in
 * UTF-16, data.
 */
static bool variable(struct bytes payload, char *out, size_t cap)
{
    struct cur c = cur_of(payload);
    (void)cur_take(&c, 16);
    uint64_t chars = cur_u64le(&c), size = cur_u64le(&c);
    if (c.bad || chars == 0 || chars > cur_left(&c) / 2)
        return false;
    struct cur name = cur_sub(&c, (size_t)chars * 2);
    size_t n = 0;
    while (cur_left(&name))
        put(out, cap, &n, cur_u16le(&name));
    out[n] = '\0';
    if (size != cur_left(&c))
        return false;
    snprintf(out + n, cap - n, " (%zu byte%s)", cur_left(&c), cur_left(&c) == 1 ? "" : "s");
    return true;
}

/* described reads the beginning of UEFI_PLATFORM_FIRMWARE_BLOB2 and UEFI_HANDOFF_TABLE_POINTERS2
 * (10.2.5): a length byte and that much ASCII. */
static bool described(struct bytes payload, char *out, size_t cap)
{
    struct cur c = cur_of(payload);
    uint8_t len = cur_u8(&c);
    struct bytes text = cur_take(&c, len);
    return !c.bad && printable(text, out, cap);
}

/* loaded reads UEFI_IMAGE_LOAD_EVENT (10.2.3): address, size, link address, device path. */
static bool loaded(struct bytes payload, char *out, size_t cap)
{
    struct cur c = cur_of(payload);
    (void)cur_u64le(&c);
    uint64_t size = cur_u64le(&c);
    (void)cur_u64le(&c);
    uint64_t path = cur_u64le(&c);
    if (c.bad || path != cur_left(&c))
        return false;
    snprintf(out, cap, "image of %llu bytes", (unsigned long long)size);
    return true;
}

/* tagged reads TCG_PCClientTaggedEvent (10.4.2.1): an id, a length, that much data: ASCII with a
 * final NUL where the Linux EFI stub writes it. */
static bool tagged(struct bytes payload, char *out, size_t cap)
{
    struct cur c = cur_of(payload);
    (void)cur_take(&c, 4);
    uint32_t size = cur_u32le(&c);
    struct cur text = cur_sub(&c, size);
    size_t n = 0;
    if (c.bad || size < 2)
        return false;
    while (cur_left(&text) > 1) {
        uint8_t v = cur_u8(&text);
        if (v < 0x20 || v > 0x7e)
            return false;
        put(out, cap, &n, v);
    }
    out[n] = '\0';
    return cur_u8(&text) == 0;
}

bool event_describe(uint32_t type, struct bytes payload, char *out, size_t cap)
{
    switch (type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
        return variable(payload, out, cap);
    case EV_EFI_PLATFORM_FIRMWARE_BLOB2:
    case EV_EFI_HANDOFF_TABLES2:
        return described(payload, out, cap);
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        return loaded(payload, out, cap);
    case EV_EVENT_TAG:
        return tagged(payload, out, cap);
    default:
        return printable(payload, out, cap);
    }
}
