#pragma once

#include <cstddef>

namespace troupe::daemon {

/// Settings of the process itself, made once before any thread is started: no SIGPIPE, as many file descriptors as the
/// system allows, an allocator that gives memory back.
void prepare_process();

/// Gives free memory back to the system; takes a few milliseconds on a large heap.
void release_free_memory();

struct ProcessUsage {
  std::size_t resident_bytes = 0;
  std::size_t open_fds = 0;
  double cpu_seconds = 0;
};
ProcessUsage process_usage();

}  // namespace troupe::daemon
