#include "agent/environment.h"

#include <openssl/crypto.h>
#include <string.h>

#include "agent/build.h"

extern char **environ;

/* Ours: config.c, output.c; what setlocale(3) reads for LC_CTYPE; and what the service manager
 * says: where it is told how a boot goes (notify.c), and how it saw it end (verb_shut.c). */
static const char *const names[] = {"BOOTGATE_CONFIG", "NO_COLOR",  "COLUMNS",    "TERM",
                                    "LC_ALL",          "LC_CTYPE",  "LANG",       "NOTIFY_SOCKET",
                                    "SERVICE_RESULT",  "EXIT_CODE", "EXIT_STATUS"};
#define NUM_NAMES     (sizeof names / sizeof *names)
#define MAX_STAND_INS 8u

/* entry_of: the first "NAME=value" of the name, which is the one that getenv(3) finds. */
static char *entry_of(const char *name)
{
    size_t n = strlen(name);
    for (char **e = environ; e && *e; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return *e;
    return NULL;
}

bool environment_narrow(void)
{
    static char *kept[NUM_NAMES + MAX_STAND_INS + 1];
    size_t n = 0;
    for (size_t i = 0; i < NUM_NAMES; i++)
        if ((kept[n] = entry_of(names[i])))
            n++;
    for (size_t i = 0; i < MAX_STAND_INS && build_stand_ins[i]; i++)
        if ((kept[n] = entry_of(build_stand_ins[i])))
            n++;
    kept[n] = NULL;
    environ = kept;
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1;
}
