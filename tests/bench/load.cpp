#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

void send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

/// Length of the complete HTTP answer at the start of `in`, 0 while it is incomplete.
std::size_t http_answer_size(const std::string& in, bool& ok) {
  const auto head = in.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  ok = in.size() > 9 && in[9] == '2';
  std::size_t length = 0;
  for (const char* name : {"\r\ncontent-length: ", "\r\nContent-Length: "})
    if (const auto at = in.find(name); at != std::string::npos && at < head)
      length = std::strtoul(in.c_str() + at + std::strlen(name), nullptr, 10);
  const auto total = head + 4 + length;
  return in.size() >= total ? total : 0;
}

/// Length of the complete server frame at the start of `in`, 0 while it is incomplete.
std::size_t frame_size(const std::string& in, bool& ok) {
  if (in.size() < 2) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(in[i])); };
  ok = (byte(0) & 0x0f) == 1 || (byte(0) & 0x0f) == 2;
  std::size_t header = 2, length = byte(1) & 0x7f;
  if (length == 126) {
    if (in.size() < 4) return 0;
    header = 4;
    length = byte(2) << 8 | byte(3);
  } else if (length == 127) {
    if (in.size() < 10) return 0;
    header = 10;
    length = 0;
    for (std::size_t i = 2; i < 10; ++i) length = length << 8 | byte(i);
  }
  return in.size() >= header + length ? header + length : 0;
}

struct Connection {
  int fd = -1;
  std::string in;
  Clock::time_point sent;
};

}  // namespace

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

int open_websocket(std::uint16_t port, const std::string& upgrade, int greeting_frames) {
  const int fd = connect_to(port);
  send_all(fd, upgrade);
  std::string in;
  char buffer[4096];
  bool upgraded = false;
  for (;;) {
    if (!upgraded) {
      if (const auto head = in.find("\r\n\r\n"); head != std::string::npos) {
        in.erase(0, head + 4);
        upgraded = true;
      }
    }
    bool ok = true;
    while (upgraded && greeting_frames > 0) {
      const auto size = frame_size(in, ok);
      if (size == 0) break;
      in.erase(0, size);
      --greeting_frames;
    }
    if (upgraded && greeting_frames == 0) return fd;
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) {
      std::fprintf(stderr, "WebSocket refused\n");
      std::exit(1);
    }
    in.append(buffer, static_cast<std::size_t>(n));
  }
}

double Outcome::percentile_us(double p) const {
  if (latencies_us.empty()) return 0;
  auto sorted = latencies_us;
  const auto at = std::min(sorted.size() - 1, static_cast<std::size_t>(p * static_cast<double>(sorted.size())));
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at), sorted.end());
  return sorted[at];
}

Outcome run_load(const Load& load) {
  const bool websocket = !load.upgrade.empty();
  std::vector<Connection> connections(static_cast<std::size_t>(load.connections));
  const int poll = ::epoll_create1(0);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    connections[i].fd =
        websocket ? open_websocket(load.port, load.upgrade, load.greeting_frames) : connect_to(load.port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }

  Outcome outcome;
  outcome.latencies_us.reserve(1 << 18);
  std::uint64_t started = 0;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(load.seconds));
  const auto next = [&](Connection& connection) {
    if (load.requests_max != 0 && started >= load.requests_max) return false;
    connection.sent = Clock::now();
    if (connection.sent >= end) return false;
    send_all(connection.fd, load.request(started++));
    return true;
  };
  std::size_t active = 0;
  for (auto& connection : connections) active += next(connection) ? 1 : 0;

  std::vector<epoll_event> events(connections.size());
  std::string buffer(1 << 16, '\0');
  while (active > 0) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 10'000);
    if (count <= 0) {
      outcome.failures += active;
      break;
    }
    for (int i = 0; i < count; ++i) {
      auto& connection = connections[events[static_cast<std::size_t>(i)].data.u64];
      const auto n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        ::epoll_ctl(poll, EPOLL_CTL_DEL, connection.fd, nullptr);
        ++outcome.failures;
        --active;
        continue;
      }
      connection.in.append(buffer.data(), static_cast<std::size_t>(n));
      bool ok = true;
      const auto size = websocket ? frame_size(connection.in, ok) : http_answer_size(connection.in, ok);
      if (size == 0) continue;
      connection.in.erase(0, size);
      ++outcome.requests;
      outcome.failures += ok ? 0 : 1;
      outcome.latencies_us.push_back(std::chrono::duration<float, std::micro>(Clock::now() - connection.sent).count());
      if (!next(connection)) --active;
    }
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (auto& connection : connections) ::close(connection.fd);
  ::close(poll);
  return outcome;
}

std::string http_exchange(std::uint16_t port, const std::string& request) {
  const int fd = connect_to(port);
  send_all(fd, request);
  std::string in;
  char buffer[65536];
  bool ok = true;
  for (;;) {
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    in.append(buffer, static_cast<std::size_t>(n));
    if (http_answer_size(in, ok) != 0) break;
  }
  ::close(fd);
  return in;
}

std::string body_of(const std::string& response) {
  const auto head = response.find("\r\n\r\n");
  return head == std::string::npos ? std::string() : response.substr(head + 4);
}

std::string http_request(const std::string& method, const std::string& path, const std::string& headers,
                         const std::string& body) {
  return method + " " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n" + headers +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string websocket_upgrade(const std::string& path, const std::string& protocols) {
  return "GET " + path +
         " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
         "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: " +
         protocols + "\r\n\r\n";
}

std::string websocket_frame(bool binary, const std::string& payload) {
  std::string frame(1, static_cast<char>(binary ? 0x82 : 0x81));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  // A zero mask leaves the payload as it is.
  frame.append(4, '\0');
  return frame + payload;
}

}  // namespace bench
