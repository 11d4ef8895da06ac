/*
 * event_text: events of a boot log in words. For people only: nothing decides by it, and a payload
 * that is not what its type says is simply not described.
 */
#ifndef BOOTGATE_AGENT_EVENT_TEXT_H
#define BOOTGATE_AGENT_EVENT_TEXT_H

#include "base/bytes.h"

/* event_type_name: "EV_SEPARATOR", or NULL for a type that has no name. Static storage. */
const char *event_type_name(uint32_t type);
/*
 * event_describe writes what the payload says of itself (the name of an EFI variable, the
 * description of a firmware volume, an event's tag) as printable ASCII, at most cap - 1 characters.
 * False: nothing, the payload has to speak for itself.
 */
bool event_describe(uint32_t type, struct bytes payload, char *out, size_t cap);

#endif
