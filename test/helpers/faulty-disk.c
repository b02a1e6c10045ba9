// SPDX-License-Identifier: AGPL-3.0-or-later
/* A disk that fails: loaded into the relay, it makes writes and syncs of the database fail with EIO while a file exists.
   It also counts: the file named by TIDE_FAULT_COUNTS gets "writes bytes syncs" at each sync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned long writes, bytes, syncs;

static int is_database(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, "/db/data.mdb") != NULL;
}

static int fails(int fd) {
  const char *mark = getenv("TIDE_FAULT_MARK");
  return mark && access(mark, F_OK) == 0 && is_database(fd);
}

static void count(int fd, ssize_t written) {
  if (written <= 0 || !is_database(fd)) return;
  __sync_fetch_and_add(&writes, 1);
  __sync_fetch_and_add(&bytes, written);
}

static void tell(int fd) {
  const char *path = getenv("TIDE_FAULT_COUNTS");
  if (!path || !is_database(fd)) return;
  __sync_fetch_and_add(&syncs, 1);
  char line[128];
  int length = snprintf(line, sizeof line, "%lu %lu %lu\n", writes, bytes, syncs);
  int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (out < 0) return;
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  real(out, line, length);
  close(out);
}

#define FAIL(fd) do { if (fails(fd)) { errno = EIO; return -1; } } while (0)

ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
  ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
  FAIL(fd);
  ssize_t written = real(fd, data, length, at);
  count(fd, written);
  return written;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) {
  ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
  FAIL(fd);
  ssize_t written = real(fd, data, length, at);
  count(fd, written);
  return written;
}

ssize_t pwritev(int fd, const struct iovec *parts, int number, off_t at) {
  ssize_t (*real)(int, const struct iovec *, int, off_t) = dlsym(RTLD_NEXT, "pwritev");
  FAIL(fd);
  ssize_t written = real(fd, parts, number, at);
  count(fd, written);
  return written;
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
  ssize_t (*real)(int, const struct iovec *, int) = dlsym(RTLD_NEXT, "writev");
  FAIL(fd);
  ssize_t written = real(fd, parts, number);
  count(fd, written);
  return written;
}

ssize_t write(int fd, const void *data, size_t length) {
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  FAIL(fd);
  ssize_t written = real(fd, data, length);
  count(fd, written);
  return written;
}

int fdatasync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  FAIL(fd);
  int result = real(fd);
  tell(fd);
  return result;
}

int fsync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  FAIL(fd);
  int result = real(fd);
  tell(fd);
  return result;
}
