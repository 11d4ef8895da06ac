/*
 * nolink: a file reached without following a link, neither at the end of its path nor on the way;
 * those of /proc count as links. By open(2), one name after the other: openat2(2), which is made
 * for this, is what systemd's RestrictSUIDSGID= takes away from a service.
 */
#ifndef BOOTGATE_AGENT_NOLINK_H
#define BOOTGATE_AGENT_NOLINK_H

/*
 * nolink_open opens path with open(2)'s flags (none that create), close-on-exec. A path that begins
 * with '/' begins at the root, another one at the directory dir, or at the working directory:
 * AT_FDCWD. -1: errno, ELOOP for a link.
 */
int nolink_open(int dir, const char *path, int flags);

#endif
