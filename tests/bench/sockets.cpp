// Idle WebSockets whose actors have fallen asleep.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

/// The first ones fill the caches, which are bounded.
constexpr int kFirst = 1'000, kSockets = 6'000;
constexpr double kBytesMax = 8'192;

void open_more(std::uint16_t port, std::vector<int>& sockets, int count) {
  while (static_cast<int>(sockets.size()) < count) {
    const auto id = make_actor(port, "account", "socket-" + std::to_string(sockets.size()));
    const auto upgrade = websocket_upgrade("/gateway/" + id + "/connect", "rivet, rivet_encoding.bare");
    sockets.push_back(open_websocket(port, upgrade, 1));
    put_to_sleep(port, id);
  }
  std::this_thread::sleep_for(std::chrono::seconds(3));
}

}  // namespace

void bench_sockets(const Options& options) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  TempDirectory data;
  Daemon daemon(options.troupe, data.path(), {"RIVET__TROUPE__DURABILITY=os"});
  daemon.process.wait_listening(daemon.port);

  print_head("Idle WebSockets of sleeping actors");
  std::vector<int> sockets;
  open_more(daemon.port, sockets, kFirst);
  const double before = static_cast<double>(daemon.process.resident_bytes());
  open_more(daemon.port, sockets, kSockets);
  const double each = (static_cast<double>(daemon.process.resident_bytes()) - before) / (kSockets - kFirst);
  print_row("memory of one", format_bytes(each), format_bytes(kBytesMax), each / kBytesMax, "<= 1.00");
  for (const int fd : sockets) ::close(fd);
}

}  // namespace bench
