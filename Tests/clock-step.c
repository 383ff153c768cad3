// Preloaded, gives one process another date: the real one plus the seconds that the file CLOCK_STEP holds as eight bytes,
// which may change at any time. Clocks that nobody can set are left alone, and timers on them; libfaketime moves those too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *seconds;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_STEP");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) seconds = page;
}

static int64_t ahead(void) { return seconds ? *seconds : 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = (int)syscall(SYS_gettimeofday, time, zone);
    if (result == 0) time->tv_sec += ahead();
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

// As the kernel has it: who waits for a date waits longer where it is set back meanwhile.
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end) {
    static int (*wait)(sem_t *, const struct timespec *);
    if (!wait) *(void **)&wait = dlsym(RTLD_NEXT, "sem_timedwait");
    const int64_t slice = 50000000;
    for (;;) {
        struct timespec now;
        syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
        int64_t left = (end->tv_sec - now.tv_sec - ahead()) * 1000000000 + end->tv_nsec - now.tv_nsec;
        int64_t until = now.tv_nsec + (left < slice ? (left > 0 ? left : 0) : slice);
        struct timespec next = {now.tv_sec + until / 1000000000, until % 1000000000};
        int result = wait(semaphore, &next);
        if (result == 0 || errno != ETIMEDOUT || left <= slice) return result;
    }
}
