// A body of a gigabyte through an actor that sends it back, while the client sends and reads at once.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "api.h"
#include "load.h"
#include "process.h"
#include "table.h"

namespace bench {
namespace {

constexpr std::size_t kBodyBytes = 1u << 30;
constexpr double kExtraBytesMax = 8 << 20;
constexpr std::size_t kPiece = 64 * 1024;

void send_body(int fd) {
  const std::string piece(kPiece, 'b');
  for (std::size_t sent = 0; sent < kBodyBytes;) {
    const auto n = ::send(fd, piece.data(), std::min(piece.size(), kBodyBytes - sent), MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

/// Bytes that came back, with what a chunked body adds.
std::size_t stream_through(std::uint16_t port, const std::string& actor) {
  const int fd = connect_to(port);
  const std::string head =
      "POST /gateway/" + actor +
      "/request/ HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: " + std::to_string(kBodyBytes) +
      "\r\n\r\n";
  if (::send(fd, head.data(), head.size(), MSG_NOSIGNAL) < 0) return 0;
  std::thread sender([fd] { send_body(fd); });
  std::string buffer(kPiece, '\0');
  std::size_t received = 0;
  for (;;) {
    const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) break;
    received += static_cast<std::size_t>(n);
  }
  sender.join();
  ::close(fd);
  return received;
}

}  // namespace

void bench_streaming(const Options& options) {
  TempDirectory data;
  Daemon daemon(options.troupe, data.path(), {"RIVET__GUARD__HTTP_MAX_REQUEST_BODY_SIZE=4294967296"},
                {"--actors", options.actors});
  daemon.process.wait_listening(daemon.port);
  const auto pipe = make_actor(daemon.port, "pipe", "gigabyte");

  print_head("Streaming: 1 GiB to an actor and back");
  const double before = static_cast<double>(daemon.process.resident_bytes());
  daemon.process.reset_peak();
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t received = stream_through(daemon.port, pipe);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  const double extra = static_cast<double>(daemon.process.peak_bytes()) - before;
  if (received < kBodyBytes) print_row("failures", "cut short", "", {}, "none");
  print_row("each way", format_bytes(static_cast<double>(kBodyBytes) / taken.count()) + "/s", "", {}, "");
  print_row("more memory meanwhile", format_bytes(extra), format_bytes(kExtraBytesMax), extra / kExtraBytesMax,
            "<= 1.00");
}

}  // namespace bench
