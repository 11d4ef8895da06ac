/*
 * store: what live runs keep in the directory `store` of the configuration (bootgate(5)):
 * beacon.json or near.json, a bundle with the answers that a light client begins with, floor.json,
 * how far the chain was verified before, and collateral.json (agent/collateral_store.h). None is
 * trusted: the answers are proven again from the checkpoint, a floor can only refuse, and
 * collateral is verified like any other. Files are read and written as bytes: the process that
 * holds a key passes them on without looking into them.
 */
#ifndef BOOTGATE_AGENT_STORE_H
#define BOOTGATE_AGENT_STORE_H

#include "agent/bundle.h"
#include "agent/collateral_store.h"
#include "agent/config.h"
#include "policy/near/client.h"

#define STORE_LIGHT_MAX (4u << 20) /* bytes; more is neither read nor written */
#define STORE_FLOOR_MAX 4096u

/* Which light client's answers: beacon.json, near.json. */
enum store_kind { STORE_BEACON = 0, STORE_NEAR };

struct store_files {
    struct bytes light, floor, collateral; /* empty: there is none, or nothing to write */
};
enum store_kind store_kind_of(const struct config *c);

/*
 * store_load reads the files. What is missing, is no regular file, or is too large is left empty;
 * *why says of the last one (a missing one is no news). Links are not followed.
 */
enum rc store_load(struct arena *a, const char *dir, enum store_kind kind, struct store_files *out,
                   struct err *why, struct err *err) MUST_CHECK;
/*
 * store_save replaces collateral.json, the light client's answers, then floor.json, each in one
 * step that outlives a power cut: temporary file, fsync, rename, fsync of the directory; mode 0600.
 * The directory is made (0700) when only it is missing, and must be nobody else's to write. While
 * another run writes there, nothing is written: what that one keeps is as good.
 */
enum rc store_save(const char *dir, enum store_kind kind, const struct store_files *files,
                   struct err *err) MUST_CHECK;

/* store_get and store_put: one more small file of such a directory, by the same rules. */
enum rc store_get(struct arena *a, const char *dir, const char *name, size_t max, struct bytes *out,
                  struct err *why, struct err *err) MUST_CHECK;
enum rc store_put(const char *dir, const char *name, struct bytes text, struct err *err) MUST_CHECK;

/* struct store_floor: of one network. */
struct store_floor {
    uint64_t slot;       /* of the newest head that a decision rested on; source near: height */
    uint64_t checkpoint; /* slot of the newest signed checkpoint that was begun at */
};

/* store_floor_read: false: it is no floor, or of another network; *why says which. */
bool store_floor_read(struct bytes text, const uint8_t genesis[static 32], struct store_floor *out,
                      struct err *why) MUST_CHECK;
enum rc store_floor_make(struct arena *a, const uint8_t genesis[static 32],
                         const struct store_floor *floor, struct bytes *out,
                         struct err *err) MUST_CHECK;

/*
 * The same for source near. Its floor is of a network and a KMS contract: a light client block does
 * not name its chain, so the configuration's names do. *out_height: of the newest block that a
 * decision rested on.
 */
bool store_near_floor_read(struct bytes text, const struct near_source *s, uint64_t *out_height,
                           struct err *why) MUST_CHECK;
enum rc store_near_floor_make(struct arena *a, const struct near_source *s, uint64_t height,
                              struct bytes *out, struct err *err) MUST_CHECK;

/* store_answers_read appends the stored answers to the bundle; false: they are none, and nothing
 * was appended. At most STORE_ENTRIES, so that the nodes' answers have room beside them. */
#define STORE_ENTRIES 64u
bool store_answers_read(struct arena *a, struct bytes text, struct bundle *b,
                        struct err *why) MUST_CHECK;
/* store_near_answers_read, store_near_answers_make: the same for source near. */
bool store_near_answers_read(struct arena *a, struct bytes text, struct bundle *b,
                             struct err *why) MUST_CHECK;
enum rc store_near_answers_make(struct arena *a, const struct near_kept *kept, struct bytes *out,
                                struct err *err) MUST_CHECK;
/* store_answers_make: entries and hints as a bundle has them. Empty: they are too large to keep. */
enum rc store_answers_make(struct arena *a, const json_t *entries, const json_t *hints,
                           struct bytes *out, struct err *err) MUST_CHECK;

#endif
