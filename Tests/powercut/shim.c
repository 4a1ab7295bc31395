/* Stands between the server and the C library, and plays the disk and the clock that a test wants.
 *
 * Loaded with LD_PRELOAD. What is done to files below POWERCUT_DIRECTORY is written to
 * POWERCUT_JOURNAL, with its bytes and with the moments of each sync, so that harness/powercut.py
 * can build the directory that a power cut would have left. POWERCUT_CONTROL is a page that the
 * test writes into while the server runs: a fault to inject, and an offset of the time of day. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536
#define CONTROL_BYTES 4096
#define AMONG_MAX 64

/* What the test writes; harness/powercut.py has the same layout. */
struct control {
    int64_t clock_offset_ms;
    uint32_t fault_operations; /* a set of the bits below */
    int32_t fault_errno;
    uint32_t fault_skip; /* so many matching operations succeed first */
    volatile uint32_t fault_seen;
    volatile uint32_t fault_hits;
    char fault_name[AMONG_MAX]; /* what the file's name begins with; empty: every file */
};

enum {
    FAIL_WRITE = 1,
    FAIL_SYNC = 2,
    FAIL_OPEN = 4,
    FAIL_NAME = 8,
    FAIL_SYNC_DIRECTORY = 16,
    FAIL_GROW = 32,
};

enum operation {
    OPENED = 1,
    CREATED,
    WRITTEN,
    ZEROED,
    TRUNCATED,
    SYNCED,
    RENAMED,
    UNLINKED,
    MADE_DIRECTORY,
    SYNCED_DIRECTORY,
};

/* One line of the journal; `first` and `second` bytes follow. */
struct entry {
    uint64_t number;
    uint64_t inode;
    uint64_t offset;
    uint64_t length;
    uint64_t began; /* of a sync: what was done before this number is covered */
    uint32_t first;
    uint32_t second;
    uint32_t operation;
    uint32_t zero;
};

/* What is known of a descriptor: 0 when it is none of ours. */
struct known {
    uint64_t inode;
    int is_directory;
    char name[AMONG_MAX];
};

static struct known known[DESCRIPTORS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct control *control;
static int journal = -1;
static uint64_t entries;
static char directory[PATH_MAX];
static size_t directory_length;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWERCUT_DIRECTORY");
    if (path != NULL) {
        strncpy(directory, path, sizeof directory - 1);
        directory_length = strlen(directory);
    }
    if ((path = getenv("POWERCUT_JOURNAL")) != NULL)
        journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                          0600);
    if ((path = getenv("POWERCUT_CONTROL")) != NULL) {
        int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
        if (file >= 0) {
            void *page = (void *)syscall(SYS_mmap, 0, CONTROL_BYTES, PROT_READ | PROT_WRITE,
                                         MAP_SHARED, file, 0);
            if (page != MAP_FAILED) control = page;
            syscall(SYS_close, file);
        }
    }
}

static int is_ours(const char *path) {
    if (directory_length == 0 || path == NULL) return 0;
    return strncmp(path, directory, directory_length) == 0 &&
           (path[directory_length] == '/' || path[directory_length] == 0);
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static struct known *of(int descriptor) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX) return NULL;
    return known[descriptor].inode == 0 ? NULL : &known[descriptor];
}

/* Whether this operation is to fail; then errno says how. */
static int fails(uint32_t operation, const char *name) {
    if (control == NULL || (control->fault_operations & operation) == 0) return 0;
    if (strncmp(name, control->fault_name, strlen(control->fault_name)) != 0) return 0;
    if (__atomic_fetch_add(&control->fault_seen, 1, __ATOMIC_SEQ_CST) < control->fault_skip)
        return 0;
    __atomic_fetch_add(&control->fault_hits, 1, __ATOMIC_SEQ_CST);
    errno = control->fault_errno;
    return 1;
}

/* With the lock held. The answer of the real call is in errno, which stays as it is. */
static void note(struct entry entry, const void *first, const void *second) {
    if (journal < 0) return;
    int before = errno;
    entry.number = ++entries;
    struct iovec parts[3] = {
        {&entry, sizeof entry}, {(void *)first, entry.first}, {(void *)second, entry.second}};
    size_t size = sizeof entry + entry.first + entry.second;
    /* A half-written line is the journal's end: whatever it was about was not finished. */
    if (syscall(SYS_writev, journal, parts, 3) != (long)size) abort();
    errno = before;
}

static void note_path(enum operation operation, uint64_t inode, const char *first,
                      const char *second) {
    struct entry entry = {.operation = operation, .inode = inode};
    entry.first = strlen(first);
    entry.second = second == NULL ? 0 : strlen(second);
    note(entry, first, second);
}

static uint64_t inode_of(int descriptor, int *is_directory) {
    struct stat status;
    if (syscall(SYS_fstat, descriptor, &status) != 0) return 0;
    *is_directory = S_ISDIR(status.st_mode);
    return status.st_ino;
}

/* Files */

static int open_any(int at, const char *path, int flags, mode_t mode) {
    if (!is_ours(path)) return syscall(SYS_openat, at, path, flags, mode);
    if (((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT) && fails(FAIL_OPEN, name_of(path)))
        return -1;
    pthread_mutex_lock(&lock);
    int existed = syscall(SYS_faccessat, at, path, F_OK) == 0;
    int file = syscall(SYS_openat, at, path, flags, mode);
    int outcome = errno;
    if (file >= 0 && file < DESCRIPTORS_MAX) {
        struct known *entry = &known[file];
        entry->inode = inode_of(file, &entry->is_directory);
        strncpy(entry->name, name_of(path), AMONG_MAX - 1);
        note_path(existed ? OPENED : CREATED, entry->inode, path, NULL);
        if (existed && flags & O_TRUNC) {
            struct entry cut = {.operation = TRUNCATED, .inode = entry->inode};
            note(cut, NULL, NULL);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = outcome;
    return file;
}

#define MODE_OF(flags, last)               \
    mode_t mode = 0;                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list;                      \
        va_start(list, last);              \
        mode = va_arg(list, mode_t);       \
        va_end(list);                      \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_any(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_any(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags, flags)
    return open_any(at, path, flags, mode);
}
int creat(const char *path, mode_t mode) {
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX) known[descriptor].inode = 0;
    return syscall(SYS_close, descriptor);
}

static int is_zero(const uint8_t *bytes, size_t count) {
    return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static ssize_t write_at(int descriptor, const void *bytes, size_t count, off_t offset) {
    struct known *file = of(descriptor);
    if (file == NULL) return syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    struct stat status;
    /* A full disk still takes what goes into room that it has given already. */
    int grows = control != NULL && control->fault_operations & FAIL_GROW &&
                syscall(SYS_fstat, descriptor, &status) == 0 &&
                offset + (off_t)count > status.st_size;
    if (fails(FAIL_WRITE | (grows ? FAIL_GROW : 0), file->name)) return -1;
    pthread_mutex_lock(&lock);
    ssize_t written = syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    if (written > 0) {
        struct entry entry = {.inode = file->inode, .offset = offset, .length = written};
        int zero = is_zero(bytes, written);
        entry.operation = zero ? ZEROED : WRITTEN;
        entry.first = zero ? 0 : written;
        note(entry, bytes, NULL);
    }
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return write_at(descriptor, bytes, count, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset) {
    return write_at(descriptor, bytes, count, offset);
}

/* A file of ours that is written in another way than by pwrite would escape the journal, and the
 * test would prove nothing: better to end with a sign. */
ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (of(descriptor) != NULL) abort();
    return syscall(SYS_write, descriptor, bytes, count);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (of(descriptor) != NULL) abort();
    return syscall(SYS_writev, descriptor, parts, count);
}
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    if (of(descriptor) != NULL) abort();
    return syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
}
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return pwritev(descriptor, parts, count, offset);
}

int ftruncate(int descriptor, off_t size) {
    struct known *file = of(descriptor);
    if (file == NULL) return syscall(SYS_ftruncate, descriptor, size);
    if (fails(FAIL_WRITE, file->name)) return -1;
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_ftruncate, descriptor, size);
    struct entry entry = {.operation = TRUNCATED, .inode = file->inode, .length = size};
    if (outcome == 0) note(entry, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return outcome;
}
int ftruncate64(int descriptor, off_t size) { return ftruncate(descriptor, size); }

/* Room without content is nothing that a power cut could take away; a failure is. */
int posix_fallocate(int descriptor, off_t offset, off_t length) {
    struct known *file = of(descriptor);
    if (file != NULL && fails(FAIL_WRITE, file->name)) return errno;
    return syscall(SYS_fallocate, descriptor, 0, offset, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int descriptor, off_t offset, off_t length) {
    return posix_fallocate(descriptor, offset, length);
}

static int sync_any(int descriptor, long number) {
    struct known *file = of(descriptor);
    if (file == NULL) return syscall(number, descriptor);
    if (fails(file->is_directory ? FAIL_SYNC_DIRECTORY : FAIL_SYNC, file->name)) return -1;
    pthread_mutex_lock(&lock);
    struct entry entry = {.inode = file->inode, .began = entries + 1};
    entry.operation = file->is_directory ? SYNCED_DIRECTORY : SYNCED;
    pthread_mutex_unlock(&lock);
    int outcome = syscall(number, descriptor);
    if (outcome == 0) {
        pthread_mutex_lock(&lock);
        note(entry, NULL, NULL);
        pthread_mutex_unlock(&lock);
    }
    return outcome;
}
int fsync(int descriptor) { return sync_any(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return sync_any(descriptor, SYS_fdatasync); }

/* Names */

static int rename_any(int from, const char *path, int to, const char *target, unsigned flags) {
    if (!is_ours(path) && !is_ours(target))
        return syscall(SYS_renameat2, from, path, to, target, flags);
    if (fails(FAIL_NAME, name_of(path))) return -1;
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_renameat2, from, path, to, target, flags);
    if (outcome == 0) note_path(RENAMED, 0, path, target);
    pthread_mutex_unlock(&lock);
    return outcome;
}
int rename(const char *path, const char *target) {
    return rename_any(AT_FDCWD, path, AT_FDCWD, target, 0);
}
int renameat(int from, const char *path, int to, const char *target) {
    return rename_any(from, path, to, target, 0);
}
int renameat2(int from, const char *path, int to, const char *target, unsigned flags) {
    return rename_any(from, path, to, target, flags);
}

static int unlink_any(int at, const char *path, int flags) {
    if (!is_ours(path)) return syscall(SYS_unlinkat, at, path, flags);
    if (fails(FAIL_NAME, name_of(path))) return -1;
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_unlinkat, at, path, flags);
    if (outcome == 0) note_path(UNLINKED, 0, path, NULL);
    pthread_mutex_unlock(&lock);
    return outcome;
}
int unlink(const char *path) { return unlink_any(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_any(at, path, flags); }
int remove(const char *path) {
    int outcome = unlink_any(AT_FDCWD, path, 0);
    return outcome != 0 && errno == EISDIR ? rmdir(path) : outcome;
}

int mkdir(const char *path, mode_t mode) {
    if (is_ours(path) && fails(FAIL_NAME, name_of(path))) return -1;
    pthread_mutex_lock(&lock);
    int outcome = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (outcome == 0 && is_ours(path)) note_path(MADE_DIRECTORY, 0, path, NULL);
    pthread_mutex_unlock(&lock);
    return outcome;
}

/* The time of day */

static int64_t offset_ms(void) { return control == NULL ? 0 : control->clock_offset_ms; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int outcome = syscall(SYS_clock_gettime, clock, time);
    if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t nanoseconds = time->tv_nsec + offset_ms() % 1000 * 1000000;
        time->tv_sec += offset_ms() / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
        time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    }
    return outcome;
}

int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
