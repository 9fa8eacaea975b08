#include "src/daemon/process.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace troupe::daemon {

namespace {

// With an arena for each thread, memory that one thread freed is of no use to the others.
constexpr int kArenasMax = 2;
constexpr int kTrimThresholdBytes = 256 << 10;
constexpr int kMmapThresholdBytes = 256 << 10;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_ARENA_MAX, kArenasMax);
  ::mallopt(M_TRIM_THRESHOLD, kTrimThresholdBytes);
  ::mallopt(M_MMAP_THRESHOLD, kMmapThresholdBytes);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

void release_free_memory() { ::malloc_trim(0); }

ProcessUsage process_usage() {
  ProcessUsage usage;
  std::size_t pages = 0, resident_pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> pages >> resident_pages)
    usage.resident_bytes = resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    ++usage.open_fds;
  rusage resources{};
  if (::getrusage(RUSAGE_SELF, &resources) == 0)
    usage.cpu_seconds = seconds(resources.ru_utime) + seconds(resources.ru_stime);
  return usage;
}

}  // namespace troupe::daemon
