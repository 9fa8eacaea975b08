#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// A closed-loop load generator of one thread: every connection sends its next request when the answer to the last
/// one is complete. Plain epoll, so that it costs little beside what it measures.
namespace bench {

struct Load {
  std::uint16_t port = 0;
  int connections = 1;
  double seconds = 2;
  /// The bytes of request number `i` (HTTP: head and body; WebSocket: one masked frame).
  std::function<const std::string&(std::uint64_t i)> request;
  /// Set: the connections are WebSockets, opened with this HTTP request.
  std::string upgrade;
  /// WebSocket: frames that the server sends by itself right after the upgrade, and are waited for.
  int greeting_frames = 0;
  /// Stop after that many requests, if not 0.
  std::uint64_t requests_max = 0;
};

struct Outcome {
  std::uint64_t requests = 0;
  /// Answers other than 2xx, or connections that broke.
  std::uint64_t failures = 0;
  double seconds = 0;
  std::vector<float> latencies_us;

  double rate() const { return static_cast<double>(requests) / seconds; }
  /// 0..1
  double percentile_us(double p) const;
};

Outcome run_load(const Load& load);

/// A connected socket of the loopback address.
int connect_to(std::uint16_t port);
/// Opens a WebSocket and reads the frames that the server sends by itself.
int open_websocket(std::uint16_t port, const std::string& upgrade, int greeting_frames);
/// One request on a connection of its own; the whole answer.
std::string http_exchange(std::uint16_t port, const std::string& request);
/// The body of an answer made by `http_exchange`.
std::string body_of(const std::string& response);

std::string http_request(const std::string& method, const std::string& path, const std::string& headers,
                         const std::string& body);
std::string websocket_upgrade(const std::string& path, const std::string& protocols);
/// A masked client frame with FIN.
std::string websocket_frame(bool binary, const std::string& payload);

}  // namespace bench
