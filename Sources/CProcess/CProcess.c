#include "CProcess.h"
#include <malloc.h>
#include <sys/prctl.h>

int process_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

// Any thread may run the handler while another one asks: an atomic without a lock may be used in both.
static atomic_int hangup_came;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may not wait for a lock");

static void remember_hangup(int signal) {
    (void)signal;
    atomic_store(&hangup_came, 1);
}

static void stop_at_once(int signal) {
    (void)signal;
    static const char text[] = "gridwarden has stopped before it had started\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(0);
    _exit(0);
}

void process_take_signals(void) {
    struct sigaction action = {.sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    action.sa_handler = remember_hangup;
    sigaction(SIGHUP, &action, NULL);
    action.sa_handler = stop_at_once;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

int process_had_hangup(void) { return atomic_exchange(&hangup_came, 0); }

void process_share_memory(void) {
    // A fixed threshold: glibc's own grows up to 32 MiB with the first picture that is freed.
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_ARENA_MAX, 4);
}
