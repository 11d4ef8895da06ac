/*
 * aml: the structure of ACPI Machine Language (ACPI 6.5, chapter 20) as far as QEMU writes it:
 * which packages lie in which, and what they are called. Nothing is evaluated. What is read can be
 * edited: bytes are replaced, and the lengths of all packages around them follow.
 */
#ifndef BOOTGATE_QUOTE_AML_H
#define BOOTGATE_QUOTE_AML_H

#include "base/arena.h"

#define AML_NODES_MAX 65536u
#define AML_DEPTH_MAX 48u /* of packages and expressions within each other */

enum aml_kind {
    AML_ROOT = 0, /* the whole block; always node 0 */
    AML_SCOPE,
    AML_DEVICE,
    AML_PROCESSOR,
    AML_METHOD,
    AML_FIELD,
    AML_BUFFER,
    AML_PACKAGE,
    AML_IF,
    AML_ELSE,
    AML_WHILE,
    AML_OTHER,
    AML_NAME /* a named object, whole: no package, and no node's parent */
};

struct aml_node {
    enum aml_kind kind;
    char name[4];             /* the last segment; zero: it has none */
    uint32_t at, end;         /* all of it, from its opcode on */
    uint32_t length_at, body; /* of the package length; what is behind it. AML_NAME: both are at */
    uint32_t content;         /* behind name and flags: statements, elements or bytes; AML_NAME: the
                                 object */
    uint32_t parent;          /* the innermost package around it */
};

/* struct aml: nodes in the order of their opcodes, each before what lies in it. */
struct aml {
    struct bytes block;
    struct aml_node *v;
    size_t n;
};

/* struct aml_edit: bytes from at to end, which lie in the node parent itself, become with. */
struct aml_edit {
    uint32_t parent, at, end;
    struct bytes with;
};

/*
 * aml_read takes a definition block, without its header. Every package's length must be written as
 * short as can be, as QEMU does. *out keeps a view of block.
 * Errors: BG_ACPI_AML (not such AML; with the offset), BG_NOMEM.
 */
enum rc aml_read(struct arena *a, struct bytes block, struct aml *out, struct err *err) MUST_CHECK;
/* aml_apply: the block with edits, in any order, which do not touch each other. BG_ACPI_EDIT: they
 * do, or a package grows too large. */
enum rc aml_apply(struct arena *a, const struct aml *aml, const struct aml_edit *edits, size_t n,
                  struct bytes *out, struct err *err) MUST_CHECK;
/* aml_find: the node of this kind and name directly in parent, from node `from` on; 0: none. */
uint32_t aml_find(const struct aml *aml, uint32_t parent, enum aml_kind kind,
                  const char name[static 4], uint32_t from);
/* aml_bytes: of the block, from at to end. */
struct bytes aml_bytes(const struct aml *aml, uint32_t at, uint32_t end);
/* aml_length writes a package length for a body of n bytes: 1 to 4 bytes; 0: it is too large. */
size_t aml_length(size_t n, uint8_t out[static 4]);

#endif
