#include "agent/tpm_floor_boot.h"

#include "agent/kdf.h"
#include "agent/tpm_put.h"

#define LABEL "bootgate/floor/chain/v1"

_Static_assert(KDF_KEY == TPM_FLOOR_AUTH, "one authorization value");

static void put_part(struct put *o, struct bytes b)
{
    put_be(o, b.n, 2);
    put_bytes(o, b.p, b.n);
}

enum rc floor_chain(const struct config *c, uint8_t out[static SHA256_LEN], struct err *err)
{
    uint8_t buf[256]; /* names are at most 64 characters long */
    struct put o = {buf, 0, sizeof buf, false};
    const char *word = config_source_name(c->chain.source);
    put_bytes(&o, LABEL, sizeof LABEL - 1);
    put_part(&o, bytes_of_str(word ? word : ""));
    if (c->chain.source == CHAIN_ETHEREUM) {
        put_part(&o, BYTES_OF_ARRAY(c->chain.light_client.network->genesis_validators_root));
    } else if (c->chain.source == CHAIN_NEAR) {
        put_part(&o, bytes_of_str(c->near.network_id));
        put_part(&o, c->near.client.contract_id);
    } else {
        o.bad = true;
    }
    if (o.bad)
        return err_set(err, BG_TPM_FLOOR_SOURCE, "chain.source is %s", word ? word : "not set");
    hash_sha256(put_view(&o), out);
    return RC_OK;
}

enum rc floor_key(const struct config *c, struct secret *seed, struct secret **out, struct err *err)
{
    AUTO_SECRET key = secret_new(TPM_FLOOR_KEY, err);
    if (!key)
        return err->rc;
    TRY(kdf_floor_auth(seed, c->release->tpm.floor_index, secret_data(key), err));
    TRY(floor_chain(c, secret_data(key) + TPM_FLOOR_AUTH, err));
    *out = key;
    key = NULL;
    return RC_OK;
}

void floor_first(const struct config *c, struct tpm_floor *out)
{
    uint64_t slot = c->has_checkpoint ? c->chain.light_client.checkpoint.slot : 0;
    *out = (struct tpm_floor){
        .position = c->chain.source == CHAIN_NEAR ? c->near.client.checkpoint.height : slot};
}
