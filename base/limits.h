/*
 * limits: every cap on input from outside, in one place (DESIGN section 8). Each is checked before
 * allocation, and exceeding it is an error with a name.
 */
#ifndef BOOTGATE_BASE_LIMITS_H
#define BOOTGATE_BASE_LIMITS_H

#define LIMIT_FILE             (16u << 20)  /* any input file or standard input, bytes */
#define LIMIT_BUNDLE           (16u << 20)  /* a bundle, bytes */
#define LIMIT_CONFIG           (64u << 10)  /* a configuration file, bytes */
#define LIMIT_CHECKPOINT       (16u << 10)  /* a signed checkpoint, bytes */
#define LIMIT_QUOTE            (16u << 10)  /* a binary quote, bytes */
#define LIMIT_EVENT_LOG        (1u << 20)   /* an event log, JSON text or CCEL area, bytes */
#define LIMIT_EVENTS           16384u       /* records in one event log */
#define LIMIT_TOOL_LOG         (32u << 20)  /* a log that is only explained, compared or printed */
#define LIMIT_TOOL_EVENTS      131072u      /* records in one of these */
#define LIMIT_JSON_DEPTH       32u          /* nesting of any JSON document */
#define LIMIT_JSON_VALUES      262144u      /* values in one, each up to 256 bytes of memory */
#define LIMIT_QGS_MESSAGE      (1u << 20)   /* one answer of a quote generation service, bytes */
#define LIMIT_CERTS            6u           /* certificates in one PEM chain */
#define LIMIT_CERT_DER         (16u << 10)  /* one certificate, DER bytes */
#define LIMIT_CRL_DER          (1u << 20)   /* one CRL, DER bytes */
#define LIMIT_TCB_INFO         (256u << 10) /* TCB info text, bytes */
#define LIMIT_QE_IDENTITY      (64u << 10)  /* QE identity text, bytes */
#define LIMIT_TCB_NUMBERS      (16u << 10)  /* TCB evaluation data numbers, bytes */
#define LIMIT_TCB_LEVELS       256u         /* levels in one document */
#define LIMIT_ADVISORIES       128u         /* advisory ids in one result */
#define LIMIT_VM_CONFIG        (64u << 10)  /* vm_config text, bytes */
#define LIMIT_APP_COMPOSE      (4u << 20)   /* app-compose.json, bytes */
#define LIMIT_SYS_CONFIG       (256u << 10) /* dstack's .sys-config.json, bytes */
#define LIMIT_GUEST_COMPOSE    (1u << 20)   /* app-compose.json as a guest has it, bytes */
#define LIMIT_INSTANCE_INFO    (10u << 10)  /* dstack's .instance_info, bytes */
#define LIMIT_HOST_BUNDLE      (8u << 20)   /* a bundle of the host, bytes */
#define LIMIT_FIRMWARE         (32u << 20)  /* an image's firmware, bytes; OVMF has 4 MiB */
#define LIMIT_KERNEL           (64u << 20)  /* an image's kernel, bytes */
#define LIMIT_INITRD           (512u << 20) /* an image's initrd, bytes */
#define LIMIT_IMAGE_LIST       (1u << 20)   /* metadata.json, sha256sum.txt and the like, bytes */
#define LIMIT_RPC_BODY         (8u << 20)   /* one HTTP answer, bytes */
#define LIMIT_RPC_NODE         (32u << 20)  /* memory for all answers of one node, bytes */
#define LIMIT_RPC_ENTRIES      4096u        /* recorded JSON-RPC answers in one bundle */
#define LIMIT_HEADER_RLP       2048u        /* one execution header, RLP bytes */
#define LIMIT_PROOF_NODES      65u       /* nodes in one Merkle-Patricia proof: 64 nibbles + root */
#define LIMIT_PROOF_NODE       1024u     /* one node, bytes (a full branch is 532) */
#define LIMIT_RLP_DEPTH        8u        /* nesting of RLP lists */
#define LIMIT_CODE             49152u    /* one contract's code: twice EIP-170's 24576 */
#define LIMIT_ACCOUNTS         64u       /* accounts touched in one call */
#define LIMIT_SLOTS            1024u     /* storage slots touched in one call */
#define LIMIT_CALL_GAS         16000000u /* gas of one call; below EIP-7825's 2^24 */
#define LIMIT_CALL_DEPTH       1024u     /* EVM call depth (Yellow Paper) */
#define LIMIT_EVM_MEMORY       (16u << 20) /* memory of one EVM run, all frames, bytes */
#define LIMIT_CHAIN_ROUNDS     16u         /* fetch-and-rerun rounds of one decision */
#define LIMIT_RETURN_DATA      (64u << 10) /* bytes a call may return to us */
#define LIMIT_REASON           1024u       /* bytes of a contract's reason string we keep */
#define LIMIT_URLS             8u          /* URLs in one list */
#define LIMIT_HTTP_SECONDS     20u         /* one HTTP request, seconds */
#define LIMIT_RUN_SECONDS      120u        /* all of a live decision's network, seconds */
#define LIMIT_BEACON_ENTRIES   256u        /* recorded beacon REST answers in one bundle */
#define LIMIT_BEACON_SSZ       (4u << 20)  /* one SSZ answer: 128 updates of at most 27 KiB */
#define LIMIT_COMMITTEES       160u        /* committees a bundle gives y-coordinates for */
#define LIMIT_LC_CHECKS        512u        /* signatures a light client verifies in one run */
#define LIMIT_NEAR_PRODUCERS   1024u       /* block producers of one epoch */
#define LIMIT_NEAR_PROOF_NODES 256u        /* trie nodes in one proof */
#define LIMIT_NEAR_NODE        4096u       /* one trie node: a storage key has up to 2048 bytes */
#define LIMIT_NEAR_SHARDS      256u        /* chunks of one block */
#define LIMIT_NEAR_REFUSED     256u  /* blocks whose approvals were checked in vain, one run */
#define LIMIT_NEAR_VALUES      4096u /* values in one view_state answer */
#define LIMIT_NEAR_ARGS        4096u /* arguments of a call */
#define LIMIT_NEAR_KEY         64u   /* bytes of a state key */
#define LIMIT_ARENA            (256u << 20) /* one run's arena, bytes */

#endif
