/*
 * log_pcr: a TPM's boot event log (the kernel's binary_bios_measurements), printed with the PCRs
 * that it leads to and what they cover. Nothing is authenticated: the TPM is not asked.
 */
#ifndef BOOTGATE_AGENT_LOG_PCR_H
#define BOOTGATE_AGENT_LOG_PCR_H

#include "agent/output.h"

/* log_pcr_is: a log of PCRs. A TD's log looks alike, but has no index above 4. */
bool log_pcr_is(struct bytes text);
/* log_pcr_show prints it; returns the exit status. */
int log_pcr_show(const struct cli *cli, struct bytes log);

#endif
