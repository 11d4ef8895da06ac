/* The verdict as JSON (DESIGN section 6). Printed on failure too: what was not reached is null. */
#include "agent/config.h"
#include "agent/near_show.h"
#include "agent/output.h"
#include "agent/periods.h"
#include "base/date.h"
#include "base/hex.h"
#include "quote/findings.h"

/* put sets a member; a value that could not be made becomes null, so no member ever goes missing.
 */
static void put(json_t *o, const char *key, json_t *v)
{
    (void)json_object_set_new(o, key, v ? v : json_null());
}

/* text: bytes that are not UTF-8 are shown as '?'. */
static json_t *text(struct bytes b)
{
    json_t *j = json_stringn((const char *)b.p, b.n);
    if (j || b.n > LIMIT_RETURN_DATA)
        return j;
    char *copy = strndup((const char *)b.p, b.n);
    for (char *s = copy; s && *s; s++)
        if ((unsigned char)*s > 0x7e)
            *s = '?';
    j = copy ? json_string(copy) : NULL;
    free(copy);
    return j;
}

static json_t *string(const char *s)
{
    return s ? text(bytes_of_str(s)) : NULL;
}

static json_t *hex(const void *p, size_t n)
{
    char buf[2 * 128 + 1];
    if (n > 128)
        return NULL;
    hex_encode(bytes_of(p, n), buf);
    return json_string(buf);
}
#define HEX(a) hex((a), sizeof(a))

static json_t *integer(uint64_t v)
{
    return v <= INT64_MAX ? json_integer((json_int_t)v) : NULL;
}

static json_t *code(enum rc rc)
{
    char buf[16];
    if (rc == RC_OK)
        return NULL;
    snprintf(buf, sizeof buf, "BG-%04d", (int)rc);
    return json_string(buf);
}

static json_t *error(const struct err *err)
{
    if (err->rc == RC_OK)
        return NULL;
    const struct err_info *info = err_info_of((int)err->rc);
    json_t *o = json_object();
    put(o, "code", code(err->rc));
    put(o, "class", string(info ? info->kind : "INTERNAL"));
    put(o, "detail", string(err->detail));
    return o;
}

static json_t *check(const struct check *c)
{
    const struct err_info *info = err_info_of((int)c->code);
    json_t *o = json_object();
    put(o, "id", string(c->id));
    put(o, "status", string(check_status_name(c->status)));
    put(o, "expected", string(c->expected));
    put(o, "actual", string(c->actual));
    put(o, "source", string(c->source));
    put(o, "hint", string(c->hint ? c->hint : info ? info->hint : NULL));
    return o;
}

static json_t *checks(const struct checks *cs)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cs->n; i++)
        (void)json_array_append_new(list, check(&cs->v[i]));
    return list;
}

static json_t *findings(const struct checks *cs)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cs->n; i++) {
        const char *name = cs->v[i].status == CHECK_FAIL ? td_finding_name(cs->v[i].id) : NULL;
        if (name)
            (void)json_array_append_new(list, json_string(name));
    }
    return list;
}

static json_t *advisories(const struct tcb_advisories *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->n; i++)
        (void)json_array_append_new(list, text(a->v[i]));
    return list;
}

static json_t *status(enum tcb_status s)
{
    return s == TCB_NONE ? NULL : json_string(tcb_status_name(s));
}

static json_t *when(uint64_t seconds)
{
    char buf[DATE_TEXT];
    date_text(seconds, buf);
    return json_string(buf);
}

static json_t *tcb(const struct tcb_result *t)
{
    json_t *o = json_object();
    put(o, "status", status(t->status));
    put(o, "platform", status(t->platform));
    put(o, "module", status(t->module));
    put(o, "qe", status(t->qe));
    put(o, "advisory_ids", advisories(&t->advisories));
    put(o, "tcb_date", when(t->tcb_date));
    put(o, "evaluation_number", integer(t->evaluation_number));
    return o;
}

static json_t *kms_view(const struct tcb_result *t)
{
    json_t *o = json_object();
    put(o, "ok", json_boolean(t->kms_view_ok));
    put(o, "status", t->kms_view_ok ? status(t->kms_view_status) : NULL);
    put(o, "advisory_ids", t->kms_view_ok ? advisories(&t->kms_view_advisories) : NULL);
    put(o, "note", string(t->kms_view_note));
    return o;
}

static json_t *td(const struct td_report *r)
{
    const struct td_body *b = &r->td;
    json_t *o = json_object();
    put(o, "quote_version", integer(r->quote_version));
    put(o, "tee_tcb_svn", HEX(b->tee_tcb_svn));
    put(o, "mr_seam", HEX(b->mr_seam));
    put(o, "mr_signer_seam", HEX(b->mr_signer_seam));
    put(o, "seam_attributes", HEX(b->seam_attributes));
    put(o, "td_attributes", HEX(b->td_attributes));
    put(o, "xfam", HEX(b->xfam));
    put(o, "mr_td", HEX(b->mr_td));
    put(o, "mr_config_id", HEX(b->mr_config_id));
    put(o, "mr_owner", HEX(b->mr_owner));
    put(o, "mr_owner_config", HEX(b->mr_owner_config));
    put(o, "rtmr0", HEX(b->rtmr[0]));
    put(o, "rtmr1", HEX(b->rtmr[1]));
    put(o, "rtmr2", HEX(b->rtmr[2]));
    put(o, "rtmr3", HEX(b->rtmr[3]));
    put(o, "report_data", HEX(b->report_data));
    if (b->td15) {
        put(o, "tee_tcb_svn2", HEX(b->tee_tcb_svn2));
        put(o, "mr_service_td", HEX(b->mr_service_td));
    }
    return o;
}

static json_t *device(const struct td_report *r)
{
    json_t *o = json_object();
    put(o, "ppid", HEX(r->pck.ppid));
    put(o, "fmspc", HEX(r->pck.fmspc));
    put(o, "device_id", HEX(r->device_id));
    return o;
}

static json_t *checkpoint(const struct head_facts *h, const struct driver_facts *net)
{
    json_t *o = json_object();
    put(o, "root", HEX(h->checkpoint_root));
    put(o, "slot", integer(h->checkpoint_slot));
    put(o, "signed_by", net->signed_by ? integer(net->signed_by) : NULL);
    put(o, "signers", net->signed_by ? integer(net->signers) : NULL);
    return o;
}

static json_t *collateral(const struct report *r)
{
    const struct collateral_facts *f = &r->collateral;
    json_t *list = json_array();
    for (size_t i = 0; i < f->n; i++) {
        const struct collateral_fact *one = &f->v[i];
        json_t *o = json_object();
        put(o, "document", string(collateral_doc_key(one->doc)));
        put(o, "source", string(one->source));
        put(o, "issued", when(one->from));
        put(o, "next_update", when(one->until));
        put(o, "age", integer(r->now > one->from ? r->now - one->from : 0));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *notes(const struct driver_facts *net)
{
    json_t *list = json_array();
    for (size_t i = 0; i < net->num_notes; i++)
        (void)json_array_append_new(list, string(net->notes[i]));
    return list;
}

static json_t *chain(const struct report *r)
{
    const struct chain_result *c = r->chain;
    json_t *o = json_object();
    const struct head_facts *h = c->head && c->head->by_light_client ? c->head : NULL;
    put(o, "source", string(config_source_name(r->chain_config->source)));
    put(o, "chain_id", integer(r->chain_config->chain_id));
    put(o, "kms_contract", HEX(r->chain_config->kms_contract));
    put(o, "block_number", integer(c->block_number));
    put(o, "block_hash", HEX(c->block_hash));
    put(o, "state_root", HEX(c->state_root));
    put(o, "assurance", string(c->assurance));
    put(o, "age", r->now >= c->block_time ? integer(r->now - c->block_time) : NULL);
    put(o, "fork", string(eth_fork_name(c->fork)));
    put(o, "network", h ? string(h->network) : NULL);
    put(o, "slot", h ? integer(h->slot) : NULL);
    put(o, "beacon_root", h ? HEX(h->beacon_root) : NULL);
    put(o, "signature_slot", h ? integer(h->signature_slot) : NULL);
    put(o, "participants", h ? integer(h->participants) : NULL);
    put(o, "committee_size", h ? integer(h->committee_size) : NULL);
    put(o, "updates", h ? integer(h->updates) : NULL);
    put(o, "checkpoint", h ? checkpoint(h, &r->net) : NULL);
    put(o, "round_trips", integer(r->net.round_trips));
    return o;
}

static json_t *slots(const struct chain_result *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->num_slots; i++) {
        const struct slot_read *s = &c->slots[i];
        json_t *o = json_object();
        put(o, "address", HEX(s->address));
        put(o, "slot", HEX(s->slot));
        put(o, "value", HEX(s->value));
        put(o, "label", string(s->label));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *codes(const struct chain_result *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->num_codes; i++) {
        const struct code_seen *s = &c->codes[i];
        json_t *o = json_object();
        put(o, "role", string(s->role));
        put(o, "address", HEX(s->address));
        put(o, "hash", s->known ? HEX(s->hash) : NULL);
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *contract(const struct report *r)
{
    const struct chain_result *c = r->chain;
    json_t *o = json_object();
    put(o, "question", json_string(r->question == ASK_KMS ? "isKmsAllowed" : "isAppAllowed"));
    put(o, "is_allowed", json_boolean(c->say == CHAIN_ALLOWS));
    put(o, "reason", string(c->reason ? c->reason : ""));
    put(o, "reverted", json_boolean(c->reverted));
    put(o, "gateway_app_id", c->has_gateway_app_id ? string(c->gateway_app_id) : NULL);
    put(o, "app_implementation", c->has_app_implementation ? HEX(c->app_implementation) : NULL);
    put(o, "k256_pubkey", c->has_kms_info ? hex(c->k256_pubkey.p, c->k256_pubkey.n) : NULL);
    put(o, "code_hashes", codes(c));
    put(o, "slots", slots(c));
    put(o, "gas_used", integer(c->gas_used));
    return o;
}

static json_t *anchors(const struct report *r)
{
    struct anchor v[REPORT_ANCHORS_MAX];
    size_t n = report_anchors(r, v);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        put(o, "fact", string(v[i].fact));
        put(o, "anchor", string(v[i].anchor));
        put(o, "assurance", string(v[i].assurance));
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *periods(const struct report *r)
{
    struct period v[PERIODS_MAX];
    size_t n = report_periods(r, v);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *o = json_object();
        put(o, "what", string(v[i].what));
        put(o, "anchor", string(v[i].anchor));
        put(o, "from", when(v[i].from));
        put(o, "until", v[i].ends ? when(v[i].until) : NULL);
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *times(const struct report *r)
{
    json_t *o = json_object();
    if (!r->has_time)
        return o;
    put(o, "now", integer(r->now));
    put(o, "now_text", when(r->now));
    bool vouched = r->time_error_ms != 0;
    put(o, "source", json_string(r->at_given ? "argument" : vouched ? "chrony" : "host-clock"));
    if (vouched)
        put(o, "error_ms", integer(r->time_error_ms));
    if (r->td) {
        put(o, "valid_from", when(r->td->valid_from));
        put(o, "valid_from_what", string(r->td->valid_from_what));
        put(o, "valid_until", when(r->td->valid_until));
        put(o, "valid_until_what", string(r->td->valid_until_what));
    }
    if (r->chain)
        put(o, "block_time", when(r->chain->block_time));
    put(o, "periods", periods(r));
    return o;
}

/* Only a live verdict allows anything. A replay says what would be; a query has its own question.
 */
static void decision(json_t *o, const struct report *r)
{
    if (r->kind == VERDICT_QUERY)
        put(o, "allowed", NULL);
    else
        put(o, r->kind == VERDICT_LIVE ? "allowed" : "would_be_allowed",
            json_boolean(report_yes(r)));
}

static json_t *view(const struct report *r)
{
    json_t *o = json_object();
    put(o, "as", string(boot_view_as(r->as)));
    put(o, "mr", string(boot_view_mr(r->mr)));
    return o;
}

static json_t *tpm(const struct report_tpm *t)
{
    json_t *o = t ? json_object() : NULL, *floor = t && t->has_floor ? json_object() : NULL;
    if (!o)
        return NULL;
    put(o, "class", string(t->cls));
    put(o, "srk", string(t->srk));
    if (floor) {
        put(floor, "position", json_integer((json_int_t)t->floor_position));
        put(floor, "checkpoint", json_integer((json_int_t)t->floor_checkpoint));
        put(floor, "weight", string(t->floor_binds ? "binding" : "advisory"));
    }
    put(o, "floor", floor);
    put(o, "boot_log", string(t->boot_log));
    return o;
}

/* boot_info: of a prediction, what is unknown is null. */
static json_t *boot_info(const struct report *r)
{
    json_t *o = r->boot_info ? boot_info_json(r->boot_info) : NULL;
    if (o && r->predicted && r->predicted->mr_aggregated_unknown)
        put(o, "mrAggregated", NULL);
    if (o && r->predicted && r->predicted->instance_id_unknown)
        put(o, "instanceId", NULL);
    return o;
}

/* stages: all of them in order; one that was not reached has neither status nor time. */
static json_t *stages(const struct report *r)
{
    static const char *const names[REPORT_STAGES] = {"evidence", "parse",     "authenticate",
                                                     "replay",   "boot info", "decide"};
    json_t *list = json_array();
    for (size_t i = 0; r->num_stages && i < REPORT_STAGES; i++) {
        const struct report_stage *s = NULL;
        for (size_t k = 0; k < r->num_stages; k++)
            s = strcmp(r->stages[k].name, names[i]) == 0 ? &r->stages[k] : s;
        json_t *o = json_object();
        put(o, "stage", string(names[i]));
        put(o, "status", s ? string(check_status_name(s->status)) : NULL);
        put(o, "us", s ? integer(s->us) : NULL);
        (void)json_array_append_new(list, o);
    }
    return list;
}

json_t *verdict_json(const struct report *r)
{
    json_t *o = json_object();
    put(o, "schema", json_integer(1));
    put(o, "kind", string(verdict_kind_name(r->kind)));
    decision(o, r);
    put(o, "code", code(report_code(r)));
    put(o, "reason", string(report_reason(r)));
    put(o, "error", error(&r->err));
    put(o, "checks", checks(&r->checks));
    put(o, "view", view(r));
    put(o, "boot_info", boot_info(r));
    put(o, "tcb", r->td ? tcb(&r->td->tcb) : NULL);
    put(o, "collateral", r->td ? collateral(r) : NULL);
    put(o, "kms_view", r->td ? kms_view(&r->td->tcb) : NULL);
    put(o, "td", r->td ? td(r->td) : NULL);
    put(o, "device", r->td ? device(r->td) : NULL);
    put(o, "policy_findings", findings(&r->checks));
    put(o, "chain", !r->chain ? NULL : r->net.near ? near_chain_json(r) : chain(r));
    put(o, "contract", !r->chain ? NULL : r->net.near ? near_contract_json(r) : contract(r));
    put(o, "freshness", string(freshness_name(r->freshness)));
    put(o, "key_protection", string(r->key_protection));
    put(o, "tpm", tpm(r->tpm));
    put(o, "anchors", anchors(r));
    put(o, "notes", notes(&r->net));
    put(o, "time", times(r));
    put(o, "stages", stages(r));
    put(o, "config_sha256", r->has_config ? HEX(r->config_sha256) : NULL);
    return o;
}
