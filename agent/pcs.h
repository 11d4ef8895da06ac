/*
 * pcs: documents of DCAP collateral from services: Intel's PCS (API version 4) and PCCS, which have
 * the same paths. What comes back is brought into the shape of struct collateral and no more: only
 * quote_verify judges it.
 */
#ifndef BOOTGATE_AGENT_PCS_H
#define BOOTGATE_AGENT_PCS_H

#include "agent/fetch.h"
#include "quote/collateral_need.h"

/* struct pcs_ask: one document from one service. */
struct pcs_ask {
    enum collateral_doc doc;
    bool early;      /* TCB info and QE identity of the coming set, not of the one in force */
    bool whole;      /* url is the document's own address (a CRL distribution point) */
    const char *url; /* else of the service, as configured */
    struct err why;  /* how it went */
    struct collateral *out; /* takes the document when that is RC_OK; views into the arena */
    struct collateral_numbers *numbers; /* not NULL: TCB evaluation data numbers, and no doc */
};

#define PCS_ASKS FETCH_GETS

/*
 * pcs_ask asks for n documents, at most PCS_ASKS, at the same time, each within ms. RC_OK says only
 * that it could ask.
 */
enum rc pcs_ask(struct arena *a, const struct collateral_need *need, struct pcs_ask *v, size_t n,
                uint64_t ms, struct err *err) MUST_CHECK;

/* struct pcs_answer: an answer as it came. */
struct pcs_answer {
    struct bytes body;
    struct bytes chain;   /* value of the header with the issuer chain, URL-encoded */
    unsigned chain_times; /* how often it was there */
};

/*
 * pcs_read takes an answer apart: a CRL from DER or hex; {"tcbInfo" or "enclaveIdentity": object,
 * "signature": hex}, of which the object's exact bytes are what was signed.
 */
enum rc pcs_read(struct arena *a, enum collateral_doc doc, const struct pcs_answer *answer,
                 struct collateral *out, struct err *err) MUST_CHECK;
/* pcs_read_numbers: the same for {"tcbEvaluationDataNumbers": object, "signature": hex}. */
enum rc pcs_read_numbers(struct arena *a, const struct pcs_answer *answer,
                         struct collateral_numbers *out, struct err *err) MUST_CHECK;

#endif
