/*
 * abi: Solidity contract ABI, just what dstack's contracts need, strictly: answers must be the
 * canonical encoding (minimal offsets, zero padding, nothing behind), or they are not answers.
 */
#ifndef BOOTGATE_POLICY_ABI_H
#define BOOTGATE_POLICY_ABI_H

#include "base/arena.h"
#include "quote/boot_info.h"

/* Selectors of dstack's IAppAuth and KMS contract (vectors/contracts MANIFEST). */
#define ABI_IS_APP_ALLOWED     0x1e079198u
#define ABI_IS_KMS_ALLOWED     0xe067ec9du
#define ABI_GATEWAY_APP_ID     0x95f51931u
#define ABI_APP_IMPLEMENTATION 0x25a992dau
#define ABI_KMS_INFO           0x09177063u

/* abi_encode_boot_info: selector and the AppBootInfo tuple. */
enum rc abi_encode_boot_info(struct arena *a, uint32_t selector, const struct boot_info *bi,
                             struct bytes *out, struct err *err) MUST_CHECK;
enum rc abi_encode_getter(struct arena *a, uint32_t selector, struct bytes *out,
                          struct err *err) MUST_CHECK;
/* abi_decode_decision: (bool, string), canonical only; the string must be UTF-8. */
enum rc abi_decode_decision(struct bytes data, bool *out_allowed, struct bytes *out_reason,
                            struct err *err) MUST_CHECK;
enum rc abi_decode_string(struct bytes data, struct bytes *out, struct err *err) MUST_CHECK;
enum rc abi_decode_address(struct bytes data, uint8_t out[static 20], struct err *err) MUST_CHECK;
/* abi_decode_kms_info: (bytes k256Pubkey, bytes caPubkey, bytes quote, bytes eventlog). */
enum rc abi_decode_kms_info(struct bytes data, struct bytes out[static 4],
                            struct err *err) MUST_CHECK;
/* abi_revert_reason: Error(string) or Panic(uint256) of revert data, printable; else "". */
char *abi_revert_reason(struct arena *a, struct bytes data, struct err *err) MUST_CHECK;
/*
 * abi_printable: text from a contract made fit for a terminal and a log line: at most LIMIT_REASON
 * bytes of it; control characters, direction overrides, backslashes and what is not UTF-8 become
 * \xNN, byte by byte. NULL: no memory.
 */
char *abi_printable(struct arena *a, struct bytes text, struct err *err) MUST_CHECK;

#endif
