#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// A free port of the loopback address.
std::uint16_t free_port();

/// A child process; killed when it goes out of scope.
class Process {
 public:
  Process(std::vector<std::string> command, std::vector<std::string> environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits until something listens on the port; seconds it took.
  double wait_listening(std::uint16_t port) const;
  void terminate();
  void kill();

  std::size_t resident_bytes() const;
  /// The most that was resident since the start, or since the last reset.
  std::size_t peak_bytes() const;
  void reset_peak() const;
  /// User and system time so far.
  double cpu_seconds() const;

 private:
  void finish(int signal);
  pid_t pid_ = -1;
};

/// Removed with everything in it when it goes out of scope.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// The daemon with the demo actors, its data in `directory`.
struct Daemon {
  Daemon(const std::string& binary, const std::string& directory, std::vector<std::string> environment = {},
         std::vector<std::string> arguments = {});
  std::uint16_t port;
  Process process;
};

}  // namespace bench
