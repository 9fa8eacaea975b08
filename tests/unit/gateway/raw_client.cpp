#include "tests/unit/gateway/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace troupe {

RawClient::RawClient(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval limit{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

RawClient::~RawClient() { close(); }
RawClient::RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}

void RawClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::send_what_fits(std::string_view bytes) {
  constexpr int kPatienceMs = 300;
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    pollfd waiting{fd_, POLLOUT, 0};
    if (::poll(&waiting, 1, kPatienceMs) <= 0) break;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return all - bytes.size();
}

void RawClient::finish_sending() { ::shutdown(fd_, SHUT_WR); }

bool RawClient::fill() {
  std::array<char, 65536> buffer;
  const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  in_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::string RawClient::read_until(std::string_view text) {
  for (;;) {
    if (const auto at = in_.find(text); at != std::string::npos) {
      std::string out = in_.substr(0, at + text.size());
      in_.erase(0, out.size());
      return out;
    }
    if (!fill()) return std::exchange(in_, {});
  }
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::exchange(in_, {});
}

bool RawClient::at_end() { return read_to_end().empty(); }

std::optional<ClientResponse> RawClient::response(bool to_head) {
  const std::string head = read_until("\r\n\r\n");
  if (!head.ends_with("\r\n\r\n") || head.size() < 13) return std::nullopt;
  ClientResponse out;
  out.status = std::stoi(head.substr(9, 3));
  std::size_t at = head.find("\r\n") + 2;
  while (at + 2 < head.size()) {
    const std::size_t colon = head.find(": ", at);
    const std::size_t end = head.find("\r\n", at);
    out.headers[head.substr(at, colon - at)] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  if (to_head || out.status < 200) return out;
  if (out.headers.contains("transfer-encoding")) {
    for (;;) {
      const std::string line = read_until("\r\n");
      if (!line.ends_with("\r\n")) return out;
      const std::size_t size = std::stoul(line, nullptr, 16);
      while (in_.size() < size + 2)
        if (!fill()) return out;
      out.body += in_.substr(0, size);
      in_.erase(0, size + 2);
      if (size == 0) break;
    }
  } else if (out.headers.contains("content-length")) {
    const std::size_t size = std::stoul(out.headers["content-length"]);
    while (in_.size() < size)
      if (!fill()) return out;
    out.body = in_.substr(0, size);
    in_.erase(0, size);
  }
  out.complete = true;
  return out;
}

std::optional<ClientResponse> RawClient::upgrade(std::string_view target, std::string_view more_headers) {
  std::string request = "GET ";
  request.append(target).append(" HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n");
  request.append("sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  request.append(more_headers).append("\r\n");
  send(request);
  return response(true);
}

std::string RawClient::frame(int opcode, std::string_view payload, bool fin) {
  std::string out(1, static_cast<char>((fin ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(0xFE);
    for (int i = 1; i >= 0; --i) out += static_cast<char>(payload.size() >> (8 * i));
  } else {
    out += static_cast<char>(0xFF);
    for (int i = 7; i >= 0; --i) out += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> (8 * i));
  }
  static constexpr char kMask[] = {0x11, 0x22, 0x33, 0x44};
  out.append(kMask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return out;
}

std::optional<ClientFrame> RawClient::read_frame() {
  const auto need = [&](std::size_t size) {
    while (in_.size() < size)
      if (!fill()) return false;
    return true;
  };
  if (!need(2)) return std::nullopt;
  ClientFrame out;
  out.opcode = in_[0] & 0x0F;
  std::size_t length = static_cast<unsigned char>(in_[1]) & 0x7F;
  std::size_t head = 2;
  if (length >= 126) {
    const std::size_t bytes = length == 126 ? 2 : 8;
    if (!need(2 + bytes)) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < bytes; ++i) length = length << 8 | static_cast<unsigned char>(in_[2 + i]);
    head += bytes;
  }
  if (!need(head + length)) return std::nullopt;
  out.payload = in_.substr(head, length);
  in_.erase(0, head + length);
  return out;
}

}  // namespace troupe
