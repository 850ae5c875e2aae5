/*
 * File calls of this program replaced by ones that can kill it: at the n-th call that changes
 * something below one folder, and in the middle of a write. Linked into the test, so that the
 * library's calls come here; the calls themselves go straight to the kernel.
 */
#ifndef NB_TESTS_CRASH_SHIM_H
#define NB_TESTS_CRASH_SHIM_H

/** From now on count calls below `folder` (an absolute path that stays) and die by SIGKILL at the
 * n-th; 0 only counts. */
void shim_arm(const char *folder, long n);

/** Calls counted since shim_arm; nothing is counted afterwards. */
long shim_disarm(void);

/** Names that appeared (link, rename) before the bytes behind them were synced, plus those whose
 * folder was not synced afterwards; since shim_arm. */
long shim_count_unsynced(void);

/** Let link() fail with EPERM, as on file systems without hard links; 0 ends it. */
void shim_deny_links(int deny);

#endif
